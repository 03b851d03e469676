#!/usr/bin/env bash
# Builds every policy as a module into wasm/ (or the folder given). The bytes depend on the source, Cargo.lock and the pinned
# compiler alone: paths of this machine are mapped away.
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain=1.95.0
out=$(realpath "${1:-policies/wasm}")
names=$(cd policies && for crate in */Cargo.toml; do dirname "$crate"; done)
flags="-C target-feature=+simd128 -C llvm-args=-force-vector-interleave=4 -C link-arg=-zstack-size=131072 --remap-path-prefix=$PWD=."
for source in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags+=" --remap-path-prefix=$source=deps"
done
flags+=" --remap-path-prefix=$(rustc +$toolchain --print sysroot)=rust"
packages=$(for name in $names; do echo "-p policy-$name"; done)
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags
# shellcheck disable=SC2086 # a list of options
cargo +$toolchain build --quiet --locked --profile policy --target wasm32-unknown-unknown $packages
for name in $names; do
    cp "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/policy/policy_${name//-/_}.wasm" "$out/$name.wasm"
done
