//! Completion scripts: `clap_complete`'s, and what it cannot know or leaves out. Bash and PowerShell offer options where a
//! file may stand, PowerShell no values, and none of them the ids of unfinished uploads.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Arg, Command};
use clap_complete::Shell;

use super::settings::is_path;

/// The script for a shell.
pub(super) fn script(shell: Shell, mut command: Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "bitsup", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        Shell::Fish => script + FISH,
        Shell::PowerShell => powershell(&script, &command),
        _ => script,
    }
}

fn bash(script: &str) -> String {
    let script = script.replace("complete -F _bitsup ", "complete -F _bitsup_words ");
    // The registration comes last.
    insert(&script, script.rfind("\nif [[ \"${BASH_VERSINFO"), BASH)
}

fn insert(script: &str, at: Option<usize>, text: &str) -> String {
    let (before, after) = script.split_at(at.unwrap_or(script.len()));
    format!("{before}{text}{after}")
}

const BASH: &str = r#"
# What the description of the command line does not hold: ids of unfinished uploads, and files where options stand.
_bitsup_words() {
    local word="$2" verb="${COMP_WORDS[1]}" below="${COMP_WORDS[2]}" candidate
    if [[ $verb == sessions && $word != -* && $COMP_CWORD -eq 3 && ( $below == show || $below == cancel ) ]]; then
        COMPREPLY=( $(compgen -W "$("$1" sessions list --json 2>/dev/null |
            sed -n 's/^{"v":1,"id":"\([^"]*\)".*/\1/p')" -- "$word") )
        return 0
    fi
    _bitsup "$@"
    if [[ $word != -* ]]; then
        local words=()
        for candidate in "${COMPREPLY[@]}"; do
            [[ $candidate == -* ]] || words+=("$candidate")
        done
        # None left: the shell completes files.
        COMPREPLY=("${words[@]}")
    fi
}
"#;

fn zsh(script: &str) -> String {
    let with_ids = |line: &str| {
        if line.starts_with("':id -- ") { line.replace(":_default'", ":_bitsup_ids'") } else { line.to_owned() }
    };
    let script: String = script.split_inclusive('\n').map(with_ids).collect();
    insert(&script, script.rfind("if [ \"$funcstack[1]\""), ZSH)
}

const ZSH: &str = r#"(( $+functions[_bitsup_ids] )) ||
_bitsup_ids() {
    local -a ids
    ids=(${(f)"$(_call_program ids bitsup sessions list --json 2>/dev/null |
        sed -n 's/^{"v":1,"id":"\([^"]*\)".*/\1/p')"})
    compadd -a ids
}

"#;

const FISH: &str = r#"
# What the description of the command line does not hold.
function __fish_bitsup_ids
    bitsup sessions list --json 2>/dev/null | string replace -rf '^\{"v":1,"id":"([^"]*)".*' '$1'
end
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show cancel" -f -a "(__fish_bitsup_ids)" -d 'Unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -f -a "bash elvish fish powershell zsh"
"#;

fn powershell(script: &str, command: &Command) -> String {
    let mut options = String::new();
    for (names, arg) in all_options(command) {
        let values: Vec<String> =
            arg.get_possible_values().iter().map(|value| format!("'{}'", value.get_name())).collect();
        // Nothing to offer: the shell completes files.
        let offer = if is_path(arg) { "return".to_owned() } else { values.join(", ") };
        if !offer.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(options, "        '{names}' {{ {offer} }}");
        }
    }
    let text = POWERSHELL.replace("OPTIONS", options.trim_end());
    insert(script, script.find("    $completions = @(switch"), &text)
}

const POWERSHELL: &str = r#"    # Values of options, files, shells, and the ids of unfinished uploads.
    $words = @($commandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $values = @(switch ($words[-1]) {
OPTIONS
    })
    if ($words.Count -eq 2 -and $words[1] -eq 'completions') {
        $values = @('bash', 'elvish', 'fish', 'powershell', 'zsh')
    }
    if ($words.Count -eq 3 -and $words[1] -eq 'sessions' -and $words[2] -in 'show', 'cancel') {
        $values = @(& $words[0] sessions list --json 2>$null | ForEach-Object { ($_ | ConvertFrom-Json).id })
    }
    if ($values.Count -gt 0) {
        return $values.Where{ $_ -like "$wordToComplete*" } |
            ForEach-Object { [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }
    }
    if ($words.Count -ge 2 -and $words[1] -in 'upload', 'try', 'serve', 'man' -and -not $wordToComplete.StartsWith('-')) {
        return
    }

"#;

/// Every option of every verb, once for a name.
fn all_options(command: &Command) -> BTreeMap<String, &Arg> {
    let mut options = BTreeMap::new();
    let mut verbs = vec![command];
    while let Some(verb) = verbs.pop() {
        verbs.extend(verb.get_subcommands());
        for arg in verb.get_opts() {
            options.entry(format!("--{}", arg.get_long().unwrap_or_default())).or_insert(arg);
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help;

    fn script_for(shell: Shell) -> String {
        script(shell, help::command())
    }

    #[test]
    fn what_is_added_is_reached() {
        let bash = script_for(Shell::Bash);
        assert_eq!(bash.matches("complete -F _bitsup_words ").count(), 2);
        assert!(!bash.contains("complete -F _bitsup "));
        assert!(bash.find("_bitsup_words() {") < bash.find("complete -F"));
        let zsh = script_for(Shell::Zsh);
        assert_eq!(zsh.matches(":_bitsup_ids'").count(), 2, "show and cancel");
        assert!(zsh.find("_bitsup_ids() {") < zsh.find("if [ \"$funcstack[1]\""));
        let powershell = script_for(Shell::PowerShell);
        assert!(powershell.contains("        '--resume' { 'auto', 'always', 'never' }\n"));
        assert!(powershell.contains("        '--config' { return }\n"));
        assert!(powershell.find("$values = @(switch") < powershell.find("$completions = @(switch"));
    }
}
