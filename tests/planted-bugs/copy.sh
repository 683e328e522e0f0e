# Sourced. copy_project ROOT NAME: goes to a copy of the project, built in a folder of its own that stays for the next time.
# $copy is removed in the end, and so is $log.
copy_project() {
    local root=$1
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}/$2"
    # Built anew for each patch, so without optimisation: that takes longer than to find it.
    export CARGO_INCREMENTAL=1
    copy=$(mktemp -d)
    log=$copy.log
    trap 'rm -rf "$copy" "$log"' EXIT
    # With the time of now (-m): else Cargo takes what an earlier run built from its last patch for newer than the sources.
    (cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xmf - -C "$copy"
    cd "$copy"
    # Outside of any repository, `git apply` takes paths as they are.
    export GIT_CEILING_DIRECTORIES="$copy"
}
