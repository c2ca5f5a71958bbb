# Finds the toolchain that rust-toolchain.toml asks for; sourced by tests/run and .ci/run.
# Needs: the current directory is the root of the repository.

# Says what is wrong and ends.
die() {
    printf '%s\n' "$*" >&2
    exit 2
}

# Puts cargo on the path and chooses an installed toolchain of the right version, so that
# nothing has to be fetched where it is there under another name.
find_toolchain() {
    local wanted found name
    wanted=$(sed -n 's/^channel *= *"\(.*\)".*/\1/p' rust-toolchain.toml)
    if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
        export PATH
    fi
    command -v cargo >/dev/null || die "cargo is missing: install Rust $wanted, see https://rustup.rs"
    if command -v rustup >/dev/null; then
        # Where the toolchain is absent, rustup would fetch it; that may not be possible.
        # The one of that name first.
        for name in $(rustup toolchain list 2>/dev/null | sed 's/ .*//' |
            awk -v wanted="$wanted" '{ print (index($0, wanted) == 1 ? 0 : 1), $0 }' |
            sort -s -k1,1n | cut -d' ' -f2); do
            found=$(rustup run "$name" rustc --version 2>/dev/null | cut -d' ' -f2)
            if [ "$found" = "$wanted" ]; then
                export RUSTUP_TOOLCHAIN="$name"
                return
            fi
        done
        rustup toolchain install "$wanted" --profile minimal ||
            die "Rust $wanted is not installed and can't be fetched: rustup toolchain install $wanted"
        export RUSTUP_TOOLCHAIN="$wanted"
    else
        found=$(rustc --version | cut -d' ' -f2)
        [ "$found" = "$wanted" ] ||
            die "Rust $wanted is needed, $found is there (the texts of compiler errors are tested): install $wanted, see https://rustup.rs"
    fi
}
