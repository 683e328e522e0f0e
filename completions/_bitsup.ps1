
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

    # Values of options, files, shells, and the ids of unfinished uploads.
    $words = @($commandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $values = @(switch ($words[-1]) {
        '--auth' { 'auto', 'basic', 'digest', 'ntlm', 'negotiate', 'none' }
        '--bearer-file' { return }
        '--cacert' { return }
        '--cert' { return }
        '--ci' { 'auto', 'github', 'gitlab', 'azure', 'none' }
        '--config' { return }
        '--files-from' { return }
        '--key' { return }
        '--key-passphrase-file' { return }
        '--netrc-file' { return }
        '--password-file' { return }
        '--progress' { 'auto', 'bar', 'plain', 'none' }
        '--proxy-password-file' { return }
        '--reply' { return }
        '--resume' { 'auto', 'always', 'never' }
        '--state-dir' { return }
        '--tls-cert' { return }
        '--tls-key' { return }
        '--verify' { 'none', 'size', 'sha256' }
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

    $completions = @(switch ($command) {
        'bitsup' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Ask a server whether it would take uploads, and how it is reached')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'List, show, cancel or tidy up unfinished uploads')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Receive BITS uploads into a folder')
            [CompletionResult]::new('try', 'try', [CompletionResultType]::ParameterValue, 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show what is set, and where: in the environment or in config.toml')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what an exit code, an HTTP status or an HRESULT means, and what to do')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual, or write all of its pages into a folder')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('upload', 'upload', [CompletionResultType]::ParameterValue, 'Upload files')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;check' {
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File whose first line is the password, `-` for standard input; others must not be able to read it')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Command whose first line of output is the password; the shell runs it')
            [CompletionResult]::new('--bearer-file', '--bearer-file', [CompletionResultType]::ParameterName, 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'The same from this file')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused')
            [CompletionResult]::new('--trust-host-id', '--trust-host-id', [CompletionResultType]::ParameterName, 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for establishing a connection, all addresses and TLS included')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Time without a byte of a request being taken')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Time until an answer''s head is complete; with --reply never below 5m30s for the last fragment''s')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Certificate for a server that asks for one, with those that vouch for it, in PEM')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Its private key, in PEM [default: in the same file]')
            [CompletionResult]::new('--key-passphrase-file', '--key-passphrase-file', [CompletionResultType]::ParameterName, 'File whose first line decrypts the key (PKCS#8); others must not be able to read it')
            [CompletionResult]::new('--pin-sha256', '--pin-sha256', [CompletionResultType]::ParameterName, 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]')
            [CompletionResult]::new('--proxy-user', '--proxy-user', [CompletionResultType]::ParameterName, 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt')
            [CompletionResult]::new('--proxy-password-file', '--proxy-password-file', [CompletionResultType]::ParameterName, 'File whose first line is that user''s password; others must not be able to read it')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--no-host-id', '--no-host-id', [CompletionResultType]::ParameterName, 'Stay at the URL''s host, whatever other host the server names')
            [CompletionResult]::new('--probe-fragment', '--probe-fragment', [CompletionResultType]::ParameterName, 'Find the largest fragment that gets through, up to 32 MiB: sends some hundred MiB at most, and finishes no file')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow Basic and bearer tokens over http, where anybody on the way can read them')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List unfinished uploads')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all that is kept of an unfinished upload')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Give an unfinished upload up, here and at the server')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove what expired after 14 days, is broken or left over')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;sessions;list' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;sessions;show' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;sessions;cancel' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File whose first line is the password, `-` for standard input; others must not be able to read it')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Command whose first line of output is the password; the shell runs it')
            [CompletionResult]::new('--bearer-file', '--bearer-file', [CompletionResultType]::ParameterName, 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'The same from this file')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused')
            [CompletionResult]::new('--trust-host-id', '--trust-host-id', [CompletionResultType]::ParameterName, 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for establishing a connection, all addresses and TLS included')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Time without a byte of a request being taken')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Time until an answer''s head is complete; with --reply never below 5m30s for the last fragment''s')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Certificate for a server that asks for one, with those that vouch for it, in PEM')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Its private key, in PEM [default: in the same file]')
            [CompletionResult]::new('--key-passphrase-file', '--key-passphrase-file', [CompletionResultType]::ParameterName, 'File whose first line decrypts the key (PKCS#8); others must not be able to read it')
            [CompletionResult]::new('--pin-sha256', '--pin-sha256', [CompletionResultType]::ParameterName, 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]')
            [CompletionResult]::new('--proxy-user', '--proxy-user', [CompletionResultType]::ParameterName, 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt')
            [CompletionResult]::new('--proxy-password-file', '--proxy-password-file', [CompletionResultType]::ParameterName, 'File whose first line is that user''s password; others must not be able to read it')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Forget it here, also when the server cannot be told')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow Basic and bearer tokens over http, where anybody on the way can read them')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions;prune' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;sessions;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List unfinished uploads')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all that is kept of an unfinished upload')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Give an unfinished upload up, here and at the server')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove what expired after 14 days, is broken or left over')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;sessions;help;list' {
            break
        }
        'bitsup;sessions;help;show' {
            break
        }
        'bitsup;sessions;help;cancel' {
            break
        }
        'bitsup;sessions;help;prune' {
            break
        }
        'bitsup;sessions;help;help' {
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
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--allow-anonymous', '--allow-anonymous', [CompletionResultType]::ParameterName, 'Listen on an address that others can reach, although anyone may then upload')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Ask for the password without TLS on an address that others can reach')
            [CompletionResult]::new('--allow-read', '--allow-read', [CompletionResultType]::ParameterName, 'Give published files out by HEAD and GET to whoever may upload; folders are never listed')
            [CompletionResult]::new('--overwrite', '--overwrite', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens on standard output, one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no line for each packet on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no line for each packet on standard error')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;try' {
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;config' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;explain' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;man' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'bitsup;upload' {
            [CompletionResult]::new('--files-from', '--files-from', [CompletionResultType]::ParameterName, 'Read more files from FILE, or from standard input for `-`: one a line, or CSV with the columns Source and Destination')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Upload so many files at a time')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Upload so many files at a time')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]')
            [CompletionResult]::new('--fragment-size', '--fragment-size', [CompletionResultType]::ParameterName, 'Size of the fragments: `auto` goes by what exchanges take, a SIZE is kept')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name told to the server and appended to a URL that ends in /; for one file [default: the file''s name]')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'Save the reply of the server''s application, which it offers when it has the whole file')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Read back what arrived and compare it: its `size` by HEAD, or its `sha256` by GET, all of it')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File whose first line is the password, `-` for standard input; others must not be able to read it')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Command whose first line of output is the password; the shell runs it')
            [CompletionResult]::new('--bearer-file', '--bearer-file', [CompletionResultType]::ParameterName, 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'The same from this file')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused')
            [CompletionResult]::new('--trust-host-id', '--trust-host-id', [CompletionResultType]::ParameterName, 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Resume an interrupted upload: `auto` if the content is the same, `always` fails if not, `never` starts over')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]')
            [CompletionResult]::new('--no-progress-timeout', '--no-progress-timeout', [CompletionResultType]::ParameterName, 'Give up when nothing new was acknowledged for so long; 0: never retry')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Give up after so many retries in a row without progress [default: as many as fit the time]')
            [CompletionResult]::new('--retry-delay', '--retry-delay', [CompletionResultType]::ParameterName, 'The longest first pause before a retry; it doubles with each (exponential back-off with full jitter)')
            [CompletionResult]::new('--retry-max-delay', '--retry-max-delay', [CompletionResultType]::ParameterName, 'The longest pause before a retry')
            [CompletionResult]::new('--wait-for-server', '--wait-for-server', [CompletionResultType]::ParameterName, 'Retry this long only until the server has responded once in this run')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Time for the whole run; the session is kept for the next one [default: no limit]')
            [CompletionResult]::new('--limit-rate', '--limit-rate', [CompletionResultType]::ParameterName, 'Send at most so many bytes a second [default: no limit]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for establishing a connection, all addresses and TLS included')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Time without a byte of a request being taken')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Time until an answer''s head is complete; with --reply never below 5m30s for the last fragment''s')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Certificate for a server that asks for one, with those that vouch for it, in PEM')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Its private key, in PEM [default: in the same file]')
            [CompletionResult]::new('--key-passphrase-file', '--key-passphrase-file', [CompletionResultType]::ParameterName, 'File whose first line decrypts the key (PKCS#8); others must not be able to read it')
            [CompletionResult]::new('--pin-sha256', '--pin-sha256', [CompletionResultType]::ParameterName, 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]')
            [CompletionResult]::new('--proxy-user', '--proxy-user', [CompletionResultType]::ParameterName, 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt')
            [CompletionResult]::new('--proxy-password-file', '--proxy-password-file', [CompletionResultType]::ParameterName, 'File whose first line is that user''s password; others must not be able to read it')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere')
            [CompletionResult]::new('--ci', '--ci', [CompletionResultType]::ParameterName, 'Annotations and log sections of this CI service; `auto` looks for it in the environment')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'The names read by `--files-from` end with a NUL character')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'The names read by `--files-from` end with a NUL character')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Begin no further file after one has failed')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be uploaded, to where, and from which offset; use no network')
            [CompletionResult]::new('--no-host-id', '--no-host-id', [CompletionResultType]::ParameterName, 'Stay at the URL''s host, whatever other host the server names')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace what `--reply` names if it exists')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow Basic and bearer tokens over http, where anybody on the way can read them')
            [CompletionResult]::new('--no-state', '--no-state', [CompletionResultType]::ParameterName, 'Keep nothing of this upload for resuming it')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; twice: also the heads, without secrets')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what happens on standard output, one JSON object a line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings from a file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Ask a server whether it would take uploads, and how it is reached')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'List, show, cancel or tidy up unfinished uploads')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Receive BITS uploads into a folder')
            [CompletionResult]::new('try', 'try', [CompletionResultType]::ParameterValue, 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show what is set, and where: in the environment or in config.toml')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what an exit code, an HTTP status or an HRESULT means, and what to do')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual, or write all of its pages into a folder')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('upload', 'upload', [CompletionResultType]::ParameterValue, 'Upload files')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;help;check' {
            break
        }
        'bitsup;help;sessions' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List unfinished uploads')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all that is kept of an unfinished upload')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Give an unfinished upload up, here and at the server')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove what expired after 14 days, is broken or left over')
            break
        }
        'bitsup;help;sessions;list' {
            break
        }
        'bitsup;help;sessions;show' {
            break
        }
        'bitsup;help;sessions;cancel' {
            break
        }
        'bitsup;help;sessions;prune' {
            break
        }
        'bitsup;help;serve' {
            break
        }
        'bitsup;help;try' {
            break
        }
        'bitsup;help;config' {
            break
        }
        'bitsup;help;explain' {
            break
        }
        'bitsup;help;man' {
            break
        }
        'bitsup;help;completions' {
            break
        }
        'bitsup;help;upload' {
            break
        }
        'bitsup;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
