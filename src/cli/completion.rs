//! Completion scripts: `clap_complete`'s, and what it cannot know or leaves out. Bash and PowerShell offer options
//! where a file may stand, PowerShell no values, all of them files for any value, and none of them codes, ids and URLs:
//! those the scripts ask the program for.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Arg, Command};
use clap_complete::Shell;

use super::settings::is_path;

/// The input of completion scripts: a word and its description, divided by a TAB, on a line each.
pub(super) fn candidates(described: impl IntoIterator<Item = (String, String)>) -> String {
    described.into_iter().fold(String::new(), |text, (word, what)| format!("{text}{word}\t{what}\n"))
}

/// The script for a shell.
pub(super) fn script(shell: Shell, mut command: Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "bitsup", &mut script);
    let script = without_hidden(&String::from_utf8_lossy(&script));
    match shell {
        Shell::Bash => bash(&script, &command),
        Shell::Zsh => zsh(&script),
        Shell::Fish => fish(&script),
        Shell::PowerShell => powershell(&script, &command),
        _ => script,
    }
}

/// Without what the scripts themselves ask the program by.
fn without_hidden(script: &str) -> String {
    let is_hidden = |line: &&str| {
        ["'--candidates[", " -l candidates ", "'--candidates'", "cand --candidates "]
            .iter()
            .any(|text| line.contains(text))
    };
    let shown: String = script.split_inclusive('\n').filter(|line| !is_hidden(line)).collect();
    shown.replace(" --candidates", "")
}

fn bash(script: &str, command: &Command) -> String {
    let script = script.replace("complete -F _bitsup ", "complete -F _bitsup_words ");
    let free = all_options(command).into_iter().filter(|(_, arg)| takes_free_text(arg));
    let names = free.flat_map(|(name, arg)| [Some(name), arg.get_short().map(|short| format!("-{short}"))]);
    let names: Vec<String> = names.flatten().collect();
    // The registration comes last.
    let at = script.rfind("\nif [[ \"${BASH_VERSINFO");
    insert(&script, at, &BASH.replace("FREE", &names.join("|")))
}

/// Whether nothing is known of an option's value: not even that it is a file.
fn takes_free_text(arg: &Arg) -> bool {
    arg.get_action().takes_values()
        && arg.get_possible_values().is_empty()
        && arg.get_value_hint() == clap::ValueHint::Unknown
}

fn insert(script: &str, at: Option<usize>, text: &str) -> String {
    let (before, after) = script.split_at(at.unwrap_or(script.len()));
    format!("{before}{text}{after}")
}

const BASH: &str = r#"
# What the description of the command line does not hold: codes, ids of unfinished uploads, URLs, and files where options
# stand.
_bitsup_candidates() {
    local word="$1" before="$2" line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line == "$before$word"* ]] || continue
        line="${line#"$before"}"
        # Menus would take the description for a part of the word.
        [[ ${COMP_TYPE:-9} -ne 37 ]] || line="${line%%$'\t'*}"
        COMPREPLY+=("${line/$'\t'/  -- }")
    done
    if [[ ${#COMPREPLY[@]} -eq 1 ]]; then
        COMPREPLY=("${COMPREPLY[0]%%  -- *}")
    fi
}

_bitsup_words() {
    local word="$2" previous="$3" verb="${COMP_WORDS[1]}" below="${COMP_WORDS[2]}" candidate
    # The shell breaks --option=value and URLs in three.
    if [[ $word == "=" ]]; then
        word="" previous="${COMP_WORDS[COMP_CWORD-1]}"
    elif [[ $previous == "=" ]]; then
        previous="${COMP_WORDS[COMP_CWORD-2]}"
    elif [[ $previous == ":" && $word == //* ]]; then
        _bitsup_candidates "$word" "${COMP_WORDS[COMP_CWORD-2]}:" < <("$1" config --candidates 2>/dev/null)
        return 0
    fi
    case "$previous" in
        FREE)
            compopt +o default +o bashdefault 2>/dev/null
            COMPREPLY=()
            return 0
            ;;
    esac
    if [[ $word != -* && $COMP_CWORD -eq 2 && $verb == explain ]]; then
        _bitsup_candidates "$word" "" < <("$1" explain --candidates)
        return 0
    fi
    if [[ $word != -* && $COMP_CWORD -eq 3 && $verb == sessions && ( $below == show || $below == cancel ) ]]; then
        _bitsup_candidates "$word" "" < <("$1" sessions list --candidates 2>/dev/null)
        return 0
    fi
    if [[ $word == h* && $previous != -* && -z $(compgen -f -- "$word") && ( $verb == upload || $verb == check || $verb == config ) ]]; then
        _bitsup_candidates "$word" "" < <("$1" config --candidates 2>/dev/null)
        [[ ${#COMPREPLY[@]} -eq 0 ]] || return 0
    fi
    _bitsup "$1" "$word" "$previous"
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
    let completed = |line: &str| {
        let action = [("':id -- ", ":_bitsup_ids'"), ("'::code -- ", ":_bitsup_codes'")];
        let action = action.iter().find(|(start, _)| line.starts_with(start)).map(|(_, action)| *action);
        // Without an action of its own, files would be offered.
        let line = line.replace(":_default'", action.unwrap_or(": '"));
        if line.contains("url -- ") { line.replace(":_urls'", ":_bitsup_urls'") } else { line }
    };
    let script: String = script.split_inclusive('\n').map(completed).collect();
    let script =
        script.replace(FILES_OF_UPLOAD, &FILES_OF_UPLOAD.replace(":_files'", ":_bitsup_files'").replace("'*::", "'*:"));
    insert(&script, script.rfind("if [ \"$funcstack[1]\""), ZSH)
}

/// The last of them is a URL. With two colons, no option would be completed behind the first.
const FILES_OF_UPLOAD: &str = "'*::paths -- Files to upload, or - for standard input; the URL comes last:_files'";

const ZSH: &str = r#"(( $+functions[_bitsup_described] )) ||
_bitsup_described() {
    local what=$1 line
    local -a found
    shift
    for line in ${(f)"$(_call_program candidates bitsup $@ --candidates 2>/dev/null)"}; do
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe -t candidates $what found
}

(( $+functions[_bitsup_ids] )) ||
_bitsup_ids() { _bitsup_described 'unfinished upload' sessions list }

(( $+functions[_bitsup_codes] )) ||
_bitsup_codes() { _bitsup_described code explain }

(( $+functions[_bitsup_urls] )) ||
_bitsup_urls() { _bitsup_described URL config }

(( $+functions[_bitsup_files] )) ||
_bitsup_files() { _alternative 'files:file:_files' 'urls:URL:_bitsup_urls' }

"#;

fn fish(script: &str) -> String {
    // Without a kind of its own, files would be offered for a value.
    let exclusive =
        |line: &str| line.strip_suffix(" -r").map_or_else(|| format!("{line}\n"), |rest| format!("{rest} -x\n"));
    script.lines().map(exclusive).collect::<String>() + FISH
}

const FISH: &str = r#"
# What the description of the command line does not hold.
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show cancel" -f -a "(bitsup sessions list --candidates 2>/dev/null)"
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -f -a "(bitsup explain --candidates)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -a "(bitsup config --candidates 2>/dev/null)"
complete -c bitsup -n "__fish_bitsup_using_subcommand check; or __fish_bitsup_using_subcommand config" -f -a "(bitsup config --candidates 2>/dev/null)"
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

const POWERSHELL: &str = r#"    # Values of options, files, shells, codes, ids of unfinished uploads, and URLs.
    $words = @($commandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $values = @(switch ($words[-1]) {
OPTIONS
    })
    if ($words.Count -eq 2 -and $words[1] -eq 'completions') {
        $values = @('bash', 'elvish', 'fish', 'powershell', 'zsh')
    }
    if ($words.Count -eq 3 -and $words[1] -eq 'sessions' -and $words[2] -in 'show', 'cancel') {
        $values = @(& $words[0] sessions list --candidates 2>$null)
    }
    if ($words.Count -eq 2 -and $words[1] -eq 'explain') {
        $values = @(& $words[0] explain --candidates)
    }
    if ($words.Count -ge 2 -and $words[1] -in 'upload', 'check', 'config' -and $wordToComplete -like 'http*') {
        $values += @(& $words[0] config --candidates 2>$null)
    }
    if ($values.Count -gt 0) {
        # A word, and behind a TAB what it is.
        return $values.Where{ $_ -like "$wordToComplete*" } | ForEach-Object {
            $value, $what = $_ -split "`t", 2
            $tip = if ($what) { "$value  $what" } else { $value }
            [CompletionResult]::new($value, $tip, [CompletionResultType]::ParameterValue, $tip)
        }
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
        assert_eq!(zsh.matches(":_bitsup_codes'").count(), 1);
        assert_eq!(zsh.matches(":_bitsup_urls'").count(), 3, "check, config, and upload's last word");
        assert_eq!(zsh.matches(":_bitsup_files'").count(), 1);
        assert!(!zsh.contains(":_default'"));
        assert!(!script_for(Shell::Fish).contains(" -r\n"));
        assert!(zsh.find("_bitsup_ids() {") < zsh.find("if [ \"$funcstack[1]\""));
        let powershell = script_for(Shell::PowerShell);
        assert!(powershell.contains("        '--resume' { 'auto', 'always', 'never' }\n"));
        assert!(powershell.contains("        '--config' { return }\n"));
        assert!(powershell.find("$values = @(switch") < powershell.find("$completions = @(switch"));
    }
}
