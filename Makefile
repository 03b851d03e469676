# `make test` runs every check of the project and installs by itself what they need beyond a stable toolchain.
.PHONY: test tools

test: tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace
	cargo check -p sched-core --no-default-features --target wasm32-unknown-unknown

tools:
	rustup component add rustfmt clippy
	rustup target add wasm32-unknown-unknown
