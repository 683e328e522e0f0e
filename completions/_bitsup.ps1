
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

    # Values of options, files, shells, codes, ids of unfinished uploads, and URLs.
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
        '--report' { return }
        '--resume' { 'auto', 'always', 'never' }
        '--server' { return }
        '--state-dir' { return }
        '--tls-cert' { return }
        '--tls-key' { return }
        '--verify' { 'none', 'size', 'sha256' }
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

    $completions = @(switch ($command) {
        'bitsup' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('upload', 'upload', [CompletionResultType]::ParameterValue, 'Upload files')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check whether a server accepts uploads, and how it is reached')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'List, show, cancel or prune unfinished uploads')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Receive BITS uploads into a directory')
            [CompletionResult]::new('try', 'try', [CompletionResultType]::ParameterValue, 'Run a whole upload on this machine: receive, upload, compare')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show the settings, and where each one is set')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain an exit code, an HTTP status or an HRESULT')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual, or write its pages into a directory')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;upload' {
            [CompletionResult]::new('--files-from', '--files-from', [CompletionResultType]::ParameterName, 'Read the names of more files from FILE')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Upload N files in parallel')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Upload N files in parallel')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Offer this protocol to the server')
            [CompletionResult]::new('--fragment-size', '--fragment-size', [CompletionResultType]::ParameterName, 'Set the size of the fragments')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Set the file''s name on the server (one file only)')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'Save the reply of the server''s application to FILE')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Compare the uploaded file')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of FILE')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Read the password from the first line that CMD prints')
            [CompletionResult]::new('--bearer-file', '--bearer-file', [CompletionResultType]::ParameterName, 'Read a bearer token from the first line of FILE')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'Read user and password from this netrc file')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Choose the authentication scheme')
            [CompletionResult]::new('--trust-host-id', '--trust-host-id', [CompletionResultType]::ParameterName, 'Send credentials also to HOST, if the server names it')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add this header field to every request')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add this header field to every request')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Resume an interrupted upload')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--no-progress-timeout', '--no-progress-timeout', [CompletionResultType]::ParameterName, 'Give up after TIME without newly acknowledged bytes')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Give up after N retries in a row without progress')
            [CompletionResult]::new('--retry-delay', '--retry-delay', [CompletionResultType]::ParameterName, 'Set the longest pause before the first retry')
            [CompletionResult]::new('--retry-max-delay', '--retry-max-delay', [CompletionResultType]::ParameterName, 'Set the longest pause before any retry')
            [CompletionResult]::new('--wait-for-server', '--wait-for-server', [CompletionResultType]::ParameterName, 'Retry for TIME until the server first responds')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Stop the run after TIME, and keep the session')
            [CompletionResult]::new('--limit-rate', '--limit-rate', [CompletionResultType]::ParameterName, 'Send at most SIZE bytes per second')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Limit the time to establish a connection')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Limit the time in which no byte of a request is sent')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Limit the time until a response''s header is complete')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the CA certificates in this PEM file')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Send this client certificate to a server that asks')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Read the private key of --cert from this PEM file')
            [CompletionResult]::new('--key-passphrase-file', '--key-passphrase-file', [CompletionResultType]::ParameterName, 'Read the key''s passphrase from the first line of FILE')
            [CompletionResult]::new('--pin-sha256', '--pin-sha256', [CompletionResultType]::ParameterName, 'Accept only a server whose public key has this SHA-256 digest')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy, or directly with none')
            [CompletionResult]::new('--proxy-user', '--proxy-user', [CompletionResultType]::ParameterName, 'Sign in to the proxy as USER')
            [CompletionResult]::new('--proxy-password-file', '--proxy-password-file', [CompletionResultType]::ParameterName, 'Read the proxy''s password from the first line of FILE')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Connect to ADDR for HOST and PORT')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Choose how progress is shown')
            [CompletionResult]::new('--ci', '--ci', [CompletionResultType]::ParameterName, 'Write annotations and log sections for a CI service')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Names in the --files-from list end with a NUL byte')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'Names in the --files-from list end with a NUL byte')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Upload the files in directories')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Upload the files in directories')
            [CompletionResult]::new('--relative', '--relative', [CompletionResultType]::ParameterName, 'Keep the path of each file, as it is typed or listed')
            [CompletionResult]::new('--follow-links', '--follow-links', [CompletionResultType]::ParameterName, 'Follow the symbolic links in directories')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Start no further file after one has failed')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be uploaded; use no network')
            [CompletionResult]::new('--no-host-id', '--no-host-id', [CompletionResultType]::ParameterName, 'Send every packet to the URL''s host')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing --reply file')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Read user and password from ~/.netrc')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow Basic and bearer tokens over http')
            [CompletionResult]::new('--no-state', '--no-state', [CompletionResultType]::ParameterName, 'Keep no state for resuming this upload')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; -vv adds the headers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; -vv adds the headers')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print events as JSON lines on standard output')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;check' {
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Offer this protocol to the server')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of FILE')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Read the password from the first line that CMD prints')
            [CompletionResult]::new('--bearer-file', '--bearer-file', [CompletionResultType]::ParameterName, 'Read a bearer token from the first line of FILE')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'Read user and password from this netrc file')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Choose the authentication scheme')
            [CompletionResult]::new('--trust-host-id', '--trust-host-id', [CompletionResultType]::ParameterName, 'Send credentials also to HOST, if the server names it')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add this header field to every request')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add this header field to every request')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Limit the time to establish a connection')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Limit the time in which no byte of a request is sent')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Limit the time until a response''s header is complete')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the CA certificates in this PEM file')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Send this client certificate to a server that asks')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Read the private key of --cert from this PEM file')
            [CompletionResult]::new('--key-passphrase-file', '--key-passphrase-file', [CompletionResultType]::ParameterName, 'Read the key''s passphrase from the first line of FILE')
            [CompletionResult]::new('--pin-sha256', '--pin-sha256', [CompletionResultType]::ParameterName, 'Accept only a server whose public key has this SHA-256 digest')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy, or directly with none')
            [CompletionResult]::new('--proxy-user', '--proxy-user', [CompletionResultType]::ParameterName, 'Sign in to the proxy as USER')
            [CompletionResult]::new('--proxy-password-file', '--proxy-password-file', [CompletionResultType]::ParameterName, 'Read the proxy''s password from the first line of FILE')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Connect to ADDR for HOST and PORT')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a transcript to FILE that shows no secrets')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-host-id', '--no-host-id', [CompletionResultType]::ParameterName, 'Send every packet to the URL''s host')
            [CompletionResult]::new('--probe-fragment', '--probe-fragment', [CompletionResultType]::ParameterName, 'Find the largest fragment that gets through')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Read user and password from ~/.netrc')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow Basic and bearer tokens over http')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; -vv adds the headers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; -vv adds the headers')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'List or remove what bitsup serve has not received whole in DIR')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List unfinished uploads')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the stored state of an unfinished upload')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Cancel an unfinished upload, here and on the server')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an unfinished upload of the --server directory')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove state that is expired (14 days), broken or left over')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;sessions;list' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'List or remove what bitsup serve has not received whole in DIR')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions;show' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'List or remove what bitsup serve has not received whole in DIR')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions;cancel' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of FILE')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Read the password from the first line that CMD prints')
            [CompletionResult]::new('--bearer-file', '--bearer-file', [CompletionResultType]::ParameterName, 'Read a bearer token from the first line of FILE')
            [CompletionResult]::new('--netrc-file', '--netrc-file', [CompletionResultType]::ParameterName, 'Read user and password from this netrc file')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Choose the authentication scheme')
            [CompletionResult]::new('--trust-host-id', '--trust-host-id', [CompletionResultType]::ParameterName, 'Send credentials also to HOST, if the server names it')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add this header field to every request')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add this header field to every request')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Limit the time to establish a connection')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Limit the time in which no byte of a request is sent')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Limit the time until a response''s header is complete')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the CA certificates in this PEM file')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Send this client certificate to a server that asks')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Read the private key of --cert from this PEM file')
            [CompletionResult]::new('--key-passphrase-file', '--key-passphrase-file', [CompletionResultType]::ParameterName, 'Read the key''s passphrase from the first line of FILE')
            [CompletionResult]::new('--pin-sha256', '--pin-sha256', [CompletionResultType]::ParameterName, 'Accept only a server whose public key has this SHA-256 digest')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy, or directly with none')
            [CompletionResult]::new('--proxy-user', '--proxy-user', [CompletionResultType]::ParameterName, 'Sign in to the proxy as USER')
            [CompletionResult]::new('--proxy-password-file', '--proxy-password-file', [CompletionResultType]::ParameterName, 'Read the proxy''s password from the first line of FILE')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Connect to ADDR for HOST and PORT')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'List or remove what bitsup serve has not received whole in DIR')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Remove it here even if the server cannot be told')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'Read user and password from ~/.netrc')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow Basic and bearer tokens over http')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use only IPv4 addresses')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use only IPv6 addresses')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions;remove' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'List or remove what bitsup serve has not received whole in DIR')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions;prune' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the state of unfinished uploads in DIR')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'List or remove what bitsup serve has not received whole in DIR')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;sessions;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List unfinished uploads')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the stored state of an unfinished upload')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Cancel an unfinished upload, here and on the server')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an unfinished upload of the --server directory')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove state that is expired (14 days), broken or left over')
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
        'bitsup;sessions;help;remove' {
            break
        }
        'bitsup;sessions;help;prune' {
            break
        }
        'bitsup;sessions;help;help' {
            break
        }
        'bitsup;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen on ADDR:PORT')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Require Basic authentication as this user')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from the first line of FILE')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Serve HTTPS with this certificate')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Read the private key of --tls-cert from FILE')
            [CompletionResult]::new('--trust-forwarded-for', '--trust-forwarded-for', [CompletionResultType]::ParameterName, 'Believe X-Forwarded-For from this network')
            [CompletionResult]::new('--file-mode', '--file-mode', [CompletionResultType]::ParameterName, 'Give received files these permissions')
            [CompletionResult]::new('--session-timeout', '--session-timeout', [CompletionResultType]::ParameterName, 'Discard an upload after TIME without progress')
            [CompletionResult]::new('--host-id', '--host-id', [CompletionResultType]::ParameterName, 'Tell clients to send the fragments to this host')
            [CompletionResult]::new('--host-id-fallback-timeout', '--host-id-fallback-timeout', [CompletionResultType]::ParameterName, 'Tell clients when to leave the --host-id host')
            [CompletionResult]::new('--reply-command', '--reply-command', [CompletionResultType]::ParameterName, 'Run this shell command for each complete file')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'Limit the size of a file')
            [CompletionResult]::new('--max-fragment', '--max-fragment', [CompletionResultType]::ParameterName, 'Limit the size of a fragment')
            [CompletionResult]::new('--max-sessions', '--max-sessions', [CompletionResultType]::ParameterName, 'Limit the unfinished uploads of a client address')
            [CompletionResult]::new('--max-temp', '--max-temp', [CompletionResultType]::ParameterName, 'Limit the size of all unfinished uploads together')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Limit the connections of a client address')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--allow-anonymous', '--allow-anonymous', [CompletionResultType]::ParameterName, 'Let anyone upload who can reach the address')
            [CompletionResult]::new('--allow-cleartext-auth', '--allow-cleartext-auth', [CompletionResultType]::ParameterName, 'Allow --user without TLS on addresses that others can reach')
            [CompletionResult]::new('--allow-read', '--allow-read', [CompletionResultType]::ParameterName, 'Serve received files by HEAD and GET')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Respond to GET / with 200 and ok')
            [CompletionResult]::new('--overwrite', '--overwrite', [CompletionResultType]::ParameterName, 'Replace existing files')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print events as JSON lines on standard output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Do not print a line for each packet')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Do not print a line for each packet')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;try' {
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Choose how progress is shown')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print each packet and Ack; -vv adds the headers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print each packet and Ack; -vv adds the headers')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;config' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;explain' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;man' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read settings from FILE')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Read no settings file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'bitsup;help' {
            [CompletionResult]::new('upload', 'upload', [CompletionResultType]::ParameterValue, 'Upload files')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check whether a server accepts uploads, and how it is reached')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'List, show, cancel or prune unfinished uploads')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Receive BITS uploads into a directory')
            [CompletionResult]::new('try', 'try', [CompletionResultType]::ParameterValue, 'Run a whole upload on this machine: receive, upload, compare')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show the settings, and where each one is set')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain an exit code, an HTTP status or an HRESULT')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual, or write its pages into a directory')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'bitsup;help;upload' {
            break
        }
        'bitsup;help;check' {
            break
        }
        'bitsup;help;sessions' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List unfinished uploads')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the stored state of an unfinished upload')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Cancel an unfinished upload, here and on the server')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an unfinished upload of the --server directory')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove state that is expired (14 days), broken or left over')
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
        'bitsup;help;sessions;remove' {
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
        'bitsup;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
