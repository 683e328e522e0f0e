
use builtin;
use str;

set edit:completion:arg-completer[bitsup] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'bitsup'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'bitsup'= {
            cand --config 'Read settings from FILE'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand upload 'Upload files'
            cand check 'Check whether a server accepts uploads, and how it is reached'
            cand sessions 'List, show, cancel or prune unfinished uploads'
            cand serve 'Receive BITS uploads into a directory'
            cand try 'Run a whole upload on this machine: receive, upload, compare'
            cand config 'Show the settings, and where each one is set'
            cand explain 'Explain an exit code, an HTTP status or an HRESULT'
            cand man 'Print the manual, or write its pages into a directory'
            cand completions 'Print the completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;upload'= {
            cand --files-from 'Read the names of more files from FILE'
            cand -j 'Upload N files in parallel'
            cand --jobs 'Upload N files in parallel'
            cand --protocol 'Offer this protocol to the server'
            cand --fragment-size 'Set the size of the fragments'
            cand --name 'Set the file''s name on the server (one file only)'
            cand --reply 'Save the reply of the server''s application to FILE'
            cand --verify 'Compare the uploaded file'
            cand -u 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN'
            cand --user 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN'
            cand --password-file 'Read the password from the first line of FILE'
            cand --password-command 'Read the password from the first line that CMD prints'
            cand --bearer-file 'Read a bearer token from the first line of FILE'
            cand --netrc-file 'Read user and password from this netrc file'
            cand --auth 'Choose the authentication scheme'
            cand --trust-host-id 'Send credentials also to HOST, if the server names it'
            cand -H 'Add this header field to every request'
            cand --header 'Add this header field to every request'
            cand --resume 'Resume an interrupted upload'
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --no-progress-timeout 'Give up after TIME without newly acknowledged bytes'
            cand --retries 'Give up after N retries in a row without progress'
            cand --retry-delay 'Set the longest pause before the first retry'
            cand --retry-max-delay 'Set the longest pause before any retry'
            cand --wait-for-server 'Retry for TIME until the server first responds'
            cand --max-time 'Stop the run after TIME, and keep the session'
            cand --limit-rate 'Send at most SIZE bytes per second'
            cand --connect-timeout 'Limit the time to establish a connection'
            cand --request-timeout 'Limit the time in which no byte of a request is sent'
            cand --response-timeout 'Limit the time until a response''s header is complete'
            cand --cacert 'Also trust the CA certificates in this PEM file'
            cand --cert 'Send this client certificate to a server that asks'
            cand --key 'Read the private key of --cert from this PEM file'
            cand --key-passphrase-file 'Read the key''s passphrase from the first line of FILE'
            cand --pin-sha256 'Accept only a server whose public key has this SHA-256 digest'
            cand --proxy 'Connect through this proxy, or directly with none'
            cand --proxy-user 'Sign in to the proxy as USER'
            cand --proxy-password-file 'Read the proxy''s password from the first line of FILE'
            cand --resolve 'Connect to ADDR for HOST and PORT'
            cand --progress 'Choose how progress is shown'
            cand --ci 'Write annotations and log sections for a CI service'
            cand --config 'Read settings from FILE'
            cand -0 'Names in the --files-from list end with a NUL byte'
            cand --null 'Names in the --files-from list end with a NUL byte'
            cand -r 'Upload the files in directories'
            cand --recursive 'Upload the files in directories'
            cand --relative 'Keep the path of each file, as it is typed or listed'
            cand --follow-links 'Follow the symbolic links in directories'
            cand --fail-fast 'Start no further file after one has failed'
            cand --dry-run 'Print what would be uploaded; use no network'
            cand --no-host-id 'Send every packet to the URL''s host'
            cand --force 'Replace an existing --reply file'
            cand --netrc 'Read user and password from ~/.netrc'
            cand --allow-cleartext-auth 'Allow Basic and bearer tokens over http'
            cand --no-state 'Keep no state for resuming this upload'
            cand --insecure 'Do not check the server''s certificate'
            cand -4 'Use only IPv4 addresses'
            cand --ipv4 'Use only IPv4 addresses'
            cand -6 'Use only IPv6 addresses'
            cand --ipv6 'Use only IPv6 addresses'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -v 'Print each packet and Ack; -vv adds the headers'
            cand --verbose 'Print each packet and Ack; -vv adds the headers'
            cand --json 'Print events as JSON lines on standard output'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;check'= {
            cand --protocol 'Offer this protocol to the server'
            cand -u 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN'
            cand --user 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN'
            cand --password-file 'Read the password from the first line of FILE'
            cand --password-command 'Read the password from the first line that CMD prints'
            cand --bearer-file 'Read a bearer token from the first line of FILE'
            cand --netrc-file 'Read user and password from this netrc file'
            cand --auth 'Choose the authentication scheme'
            cand --trust-host-id 'Send credentials also to HOST, if the server names it'
            cand -H 'Add this header field to every request'
            cand --header 'Add this header field to every request'
            cand --connect-timeout 'Limit the time to establish a connection'
            cand --request-timeout 'Limit the time in which no byte of a request is sent'
            cand --response-timeout 'Limit the time until a response''s header is complete'
            cand --cacert 'Also trust the CA certificates in this PEM file'
            cand --cert 'Send this client certificate to a server that asks'
            cand --key 'Read the private key of --cert from this PEM file'
            cand --key-passphrase-file 'Read the key''s passphrase from the first line of FILE'
            cand --pin-sha256 'Accept only a server whose public key has this SHA-256 digest'
            cand --proxy 'Connect through this proxy, or directly with none'
            cand --proxy-user 'Sign in to the proxy as USER'
            cand --proxy-password-file 'Read the proxy''s password from the first line of FILE'
            cand --resolve 'Connect to ADDR for HOST and PORT'
            cand --report 'Write a transcript to FILE that shows no secrets'
            cand --config 'Read settings from FILE'
            cand --no-host-id 'Send every packet to the URL''s host'
            cand --probe-fragment 'Find the largest fragment that gets through'
            cand --netrc 'Read user and password from ~/.netrc'
            cand --allow-cleartext-auth 'Allow Basic and bearer tokens over http'
            cand --insecure 'Do not check the server''s certificate'
            cand -4 'Use only IPv4 addresses'
            cand --ipv4 'Use only IPv4 addresses'
            cand -6 'Use only IPv6 addresses'
            cand --ipv6 'Use only IPv6 addresses'
            cand --json 'Print one JSON object'
            cand -v 'Print each packet and Ack; -vv adds the headers'
            cand --verbose 'Print each packet and Ack; -vv adds the headers'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions'= {
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --server 'List or remove what bitsup serve has not received whole in DIR'
            cand --config 'Read settings from FILE'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List unfinished uploads'
            cand show 'Show the stored state of an unfinished upload'
            cand cancel 'Cancel an unfinished upload, here and on the server'
            cand remove 'Remove an unfinished upload of the --server directory'
            cand prune 'Remove state that is expired (14 days), broken or left over'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;sessions;list'= {
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --server 'List or remove what bitsup serve has not received whole in DIR'
            cand --config 'Read settings from FILE'
            cand --json 'Print one JSON object per line'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions;show'= {
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --server 'List or remove what bitsup serve has not received whole in DIR'
            cand --config 'Read settings from FILE'
            cand --json 'Print one JSON object'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions;cancel'= {
            cand -u 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN'
            cand --user 'Sign in as USER, or as DOMAIN\USER or USER@DOMAIN'
            cand --password-file 'Read the password from the first line of FILE'
            cand --password-command 'Read the password from the first line that CMD prints'
            cand --bearer-file 'Read a bearer token from the first line of FILE'
            cand --netrc-file 'Read user and password from this netrc file'
            cand --auth 'Choose the authentication scheme'
            cand --trust-host-id 'Send credentials also to HOST, if the server names it'
            cand -H 'Add this header field to every request'
            cand --header 'Add this header field to every request'
            cand --connect-timeout 'Limit the time to establish a connection'
            cand --request-timeout 'Limit the time in which no byte of a request is sent'
            cand --response-timeout 'Limit the time until a response''s header is complete'
            cand --cacert 'Also trust the CA certificates in this PEM file'
            cand --cert 'Send this client certificate to a server that asks'
            cand --key 'Read the private key of --cert from this PEM file'
            cand --key-passphrase-file 'Read the key''s passphrase from the first line of FILE'
            cand --pin-sha256 'Accept only a server whose public key has this SHA-256 digest'
            cand --proxy 'Connect through this proxy, or directly with none'
            cand --proxy-user 'Sign in to the proxy as USER'
            cand --proxy-password-file 'Read the proxy''s password from the first line of FILE'
            cand --resolve 'Connect to ADDR for HOST and PORT'
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --server 'List or remove what bitsup serve has not received whole in DIR'
            cand --config 'Read settings from FILE'
            cand --force 'Remove it here even if the server cannot be told'
            cand --netrc 'Read user and password from ~/.netrc'
            cand --allow-cleartext-auth 'Allow Basic and bearer tokens over http'
            cand --insecure 'Do not check the server''s certificate'
            cand -4 'Use only IPv4 addresses'
            cand --ipv4 'Use only IPv4 addresses'
            cand -6 'Use only IPv6 addresses'
            cand --ipv6 'Use only IPv6 addresses'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions;remove'= {
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --server 'List or remove what bitsup serve has not received whole in DIR'
            cand --config 'Read settings from FILE'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions;prune'= {
            cand --state-dir 'Keep the state of unfinished uploads in DIR'
            cand --server 'List or remove what bitsup serve has not received whole in DIR'
            cand --config 'Read settings from FILE'
            cand --json 'Print one JSON object per line'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions;help'= {
            cand list 'List unfinished uploads'
            cand show 'Show the stored state of an unfinished upload'
            cand cancel 'Cancel an unfinished upload, here and on the server'
            cand remove 'Remove an unfinished upload of the --server directory'
            cand prune 'Remove state that is expired (14 days), broken or left over'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;sessions;help;list'= {
        }
        &'bitsup;sessions;help;show'= {
        }
        &'bitsup;sessions;help;cancel'= {
        }
        &'bitsup;sessions;help;remove'= {
        }
        &'bitsup;sessions;help;prune'= {
        }
        &'bitsup;sessions;help;help'= {
        }
        &'bitsup;serve'= {
            cand --listen 'Listen on ADDR:PORT'
            cand --user 'Require Basic authentication as this user'
            cand --password-file 'Read the password from the first line of FILE'
            cand --tls-cert 'Serve HTTPS with this certificate'
            cand --tls-key 'Read the private key of --tls-cert from FILE'
            cand --trust-forwarded-for 'Believe X-Forwarded-For from this network'
            cand --file-mode 'Give received files these permissions'
            cand --session-timeout 'Discard an upload after TIME without progress'
            cand --host-id 'Tell clients to send the fragments to this host'
            cand --host-id-fallback-timeout 'Tell clients when to leave the --host-id host'
            cand --reply-command 'Run this shell command for each complete file'
            cand --max-size 'Limit the size of a file'
            cand --max-fragment 'Limit the size of a fragment'
            cand --max-sessions 'Limit the unfinished uploads of a client address'
            cand --max-temp 'Limit the size of all unfinished uploads together'
            cand --max-connections 'Limit the connections of a client address'
            cand --config 'Read settings from FILE'
            cand --allow-anonymous 'Let anyone upload who can reach the address'
            cand --allow-cleartext-auth 'Allow --user without TLS on addresses that others can reach'
            cand --allow-read 'Serve received files by HEAD and GET'
            cand --health 'Respond to GET / with 200 and ok'
            cand --overwrite 'Replace existing files'
            cand --json 'Print events as JSON lines on standard output'
            cand -q 'Do not print a line for each packet'
            cand --quiet 'Do not print a line for each packet'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;try'= {
            cand --progress 'Choose how progress is shown'
            cand --config 'Read settings from FILE'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -v 'Print each packet and Ack; -vv adds the headers'
            cand --verbose 'Print each packet and Ack; -vv adds the headers'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;config'= {
            cand --config 'Read settings from FILE'
            cand --json 'Print one JSON object per line'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;explain'= {
            cand --config 'Read settings from FILE'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;man'= {
            cand --config 'Read settings from FILE'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;completions'= {
            cand --config 'Read settings from FILE'
            cand --no-config 'Read no settings file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;help'= {
            cand upload 'Upload files'
            cand check 'Check whether a server accepts uploads, and how it is reached'
            cand sessions 'List, show, cancel or prune unfinished uploads'
            cand serve 'Receive BITS uploads into a directory'
            cand try 'Run a whole upload on this machine: receive, upload, compare'
            cand config 'Show the settings, and where each one is set'
            cand explain 'Explain an exit code, an HTTP status or an HRESULT'
            cand man 'Print the manual, or write its pages into a directory'
            cand completions 'Print the completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;help;upload'= {
        }
        &'bitsup;help;check'= {
        }
        &'bitsup;help;sessions'= {
            cand list 'List unfinished uploads'
            cand show 'Show the stored state of an unfinished upload'
            cand cancel 'Cancel an unfinished upload, here and on the server'
            cand remove 'Remove an unfinished upload of the --server directory'
            cand prune 'Remove state that is expired (14 days), broken or left over'
        }
        &'bitsup;help;sessions;list'= {
        }
        &'bitsup;help;sessions;show'= {
        }
        &'bitsup;help;sessions;cancel'= {
        }
        &'bitsup;help;sessions;remove'= {
        }
        &'bitsup;help;sessions;prune'= {
        }
        &'bitsup;help;serve'= {
        }
        &'bitsup;help;try'= {
        }
        &'bitsup;help;config'= {
        }
        &'bitsup;help;explain'= {
        }
        &'bitsup;help;man'= {
        }
        &'bitsup;help;completions'= {
        }
        &'bitsup;help;help'= {
        }
    ]
    $completions[$command]
}
