
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'bitsup' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'bitsup'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'bitsup' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('upload', 'upload', [CompletionResultType]::ParameterValue, 'Upload a file')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Receive BITS uploads into a folder')
            [CompletionResult]::new('try', 'try', [CompletionResultType]::ParameterValue, 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;upload' {
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]')
            [CompletionResult]::new('--fragment-size', '--fragment-size', [CompletionResultType]::ParameterName, 'Size of the fragments: `auto` grows from 256 KiB to 28 MiB, a SIZE is kept')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name told to the server and appended to a URL that ends in / [default: the file''s name]')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address and port to listen on; port 0 takes a free one')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Let in only this user, with Basic authentication')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File whose first line is the user''s password; others must not be able to read it')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Certificate for HTTPS, with those that vouch for it, in PEM')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Its private key, in PEM, not encrypted')
            [CompletionResult]::new('--session-timeout', '--session-timeout', [CompletionResultType]::ParameterName, 'Life of an upload without progress; a finished one is remembered as long [default: 14d]')
            [CompletionResult]::new('--host-id', '--host-id', [CompletionResultType]::ParameterName, 'Name this host in the answer to Create-Session: the client sends the fragments there')
            [CompletionResult]::new('--host-id-fallback-timeout', '--host-id-fallback-timeout', [CompletionResultType]::ParameterName, 'Time without progress after which the client returns from that host to the URL''s own')
            [CompletionResult]::new('--reply-command', '--reply-command', [CompletionResultType]::ParameterName, 'Run this command in the shell for each complete file, before its last byte is acknowledged; its output becomes the reply to the client, an exit code other than 0 refuses the file. It finds `BITSUP_FILE`, `BITSUP_URL` and `BITSUP_SESSION` in its environment and is killed after 5 minutes')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'Largest file accepted [default: no limit]')
            [CompletionResult]::new('--max-fragment', '--max-fragment', [CompletionResultType]::ParameterName, 'Largest fragment accepted [default: no limit]')
            [CompletionResult]::new('--max-sessions', '--max-sessions', [CompletionResultType]::ParameterName, 'Most unfinished uploads of one client address')
            [CompletionResult]::new('--max-temp', '--max-temp', [CompletionResultType]::ParameterName, 'Most bytes that all unfinished uploads may hold together [default: no limit]')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Most connections of one client address')
            [CompletionResult]::new('--allow-anonymous', '--allow-anonymous', [CompletionResultType]::ParameterName, 'Listen on an address that others can reach, although anyone may then upload')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Ask for the password without TLS on an address that others can reach')
            [CompletionResult]::new('--allow-read', '--allow-read', [CompletionResultType]::ParameterName, 'Give published files out by HEAD and GET to whoever may upload; folders are never listed')
            [CompletionResult]::new('--overwrite', '--overwrite', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens on standard output, one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no line for each packet on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no line for each packet on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;try' {
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;help' {
            [CompletionResult]::new('upload', 'upload', [CompletionResultType]::ParameterValue, 'Upload a file')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Receive BITS uploads into a folder')
            [CompletionResult]::new('try', 'try', [CompletionResultType]::ParameterValue, 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;help;upload' {
            break
        }
        'bitsup;help;serve' {
            break
        }
        'bitsup;help;try' {
            break
        }
        'bitsup;help;completions' {
            break
        }
        'bitsup;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
