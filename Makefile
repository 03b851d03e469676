# `make test` runs every check of the project and installs by itself what they need beyond a stable toolchain.
.PHONY: test tools policies policies-equal

test: tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features sched-core/record,sched-core/wasm -- -D warnings
	cargo test --workspace --features sched-core/record,sched-core/wasm
	cargo test --workspace --features sched-core/record,sched-core/wasm,sched-core/defects --test ledger
	cargo check -p sched-core --no-default-features --target wasm32-unknown-unknown
	cargo check -p sched-cli --no-default-features
	$(MAKE) policies-equal

# The sandboxed policies, from source to policies/wasm.
policies: tools
	policies/build.sh policies/wasm

# What is checked in is what the source gives.
policies-equal: tools
	rebuilt=$$(mktemp -d) && policies/build.sh "$$rebuilt" && diff -r policies/wasm "$$rebuilt" && rm -r "$$rebuilt"

tools:
	rustup component add rustfmt clippy
	rustup target add wasm32-unknown-unknown
	rustup toolchain install 1.95.0 --profile minimal --target wasm32-unknown-unknown
	command -v clang wasm-ld >/dev/null || apt-get install -y --no-install-recommends clang lld || echo 'without clang and lld the policy in C is not tested'
