
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
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'Ask a server whether it would take uploads, and how it is reached'
            cand sessions 'List, show, cancel or tidy up unfinished uploads'
            cand serve 'Receive BITS uploads into a folder'
            cand try 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes'
            cand config 'Show what is set, and where: in the environment or in config.toml'
            cand explain 'Say what an exit code, an HTTP status or an HRESULT means, and what to do'
            cand man 'Print the manual, or write all of its pages into a folder'
            cand completions 'Print the completion script for a shell'
            cand upload 'Upload files'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;check'= {
            cand --protocol 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]'
            cand -u 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`'
            cand --user 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`'
            cand --password-file 'File whose first line is the password, `-` for standard input; others must not be able to read it'
            cand --password-command 'Command whose first line of output is the password; the shell runs it'
            cand --bearer-file 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]'
            cand --netrc-file 'The same from this file'
            cand --auth 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused'
            cand --trust-host-id 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several'
            cand -H 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several'
            cand --header 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several'
            cand --connect-timeout 'Time for establishing a connection, all addresses and TLS included'
            cand --request-timeout 'Time without a byte of a request being taken'
            cand --response-timeout 'Time until an answer''s head is complete; with --reply never below 5m30s for the last fragment''s'
            cand --cacert 'Trust the certificate authorities in this PEM file too'
            cand --cert 'Certificate for a server that asks for one, with those that vouch for it, in PEM'
            cand --key 'Its private key, in PEM [default: in the same file]'
            cand --key-passphrase-file 'File whose first line decrypts the key (PKCS#8); others must not be able to read it'
            cand --pin-sha256 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several'
            cand --proxy 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]'
            cand --proxy-user 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt'
            cand --proxy-password-file 'File whose first line is that user''s password; others must not be able to read it'
            cand --resolve 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --no-host-id 'Stay at the URL''s host, whatever other host the server names'
            cand --probe-fragment 'Find the largest fragment that gets through, up to 32 MiB: sends some hundred MiB at most, and finishes no file'
            cand --netrc 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names'
            cand --allow-cleartext-auth 'Allow Basic and bearer tokens over http, where anybody on the way can read them'
            cand --insecure 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same'
            cand -4 'Use only IPv4 addresses'
            cand --ipv4 'Use only IPv4 addresses'
            cand -6 'Use only IPv6 addresses'
            cand --ipv6 'Use only IPv6 addresses'
            cand --json 'Print one JSON object'
            cand -v 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --verbose 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions'= {
            cand --state-dir 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
            cand list 'List unfinished uploads'
            cand show 'Show all that is kept of an unfinished upload'
            cand cancel 'Give an unfinished upload up, here and at the server'
            cand prune 'Remove what expired after 14 days, is broken or left over'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;sessions;list'= {
            cand --state-dir 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --json 'Print one JSON object a line'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;sessions;show'= {
            cand --state-dir 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --json 'Print a JSON object'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;sessions;cancel'= {
            cand -u 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`'
            cand --user 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`'
            cand --password-file 'File whose first line is the password, `-` for standard input; others must not be able to read it'
            cand --password-command 'Command whose first line of output is the password; the shell runs it'
            cand --bearer-file 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]'
            cand --netrc-file 'The same from this file'
            cand --auth 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused'
            cand --trust-host-id 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several'
            cand -H 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several'
            cand --header 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several'
            cand --connect-timeout 'Time for establishing a connection, all addresses and TLS included'
            cand --request-timeout 'Time without a byte of a request being taken'
            cand --response-timeout 'Time until an answer''s head is complete; with --reply never below 5m30s for the last fragment''s'
            cand --cacert 'Trust the certificate authorities in this PEM file too'
            cand --cert 'Certificate for a server that asks for one, with those that vouch for it, in PEM'
            cand --key 'Its private key, in PEM [default: in the same file]'
            cand --key-passphrase-file 'File whose first line decrypts the key (PKCS#8); others must not be able to read it'
            cand --pin-sha256 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several'
            cand --proxy 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]'
            cand --proxy-user 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt'
            cand --proxy-password-file 'File whose first line is that user''s password; others must not be able to read it'
            cand --resolve 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several'
            cand --state-dir 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --force 'Forget it here, also when the server cannot be told'
            cand --netrc 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names'
            cand --allow-cleartext-auth 'Allow Basic and bearer tokens over http, where anybody on the way can read them'
            cand --insecure 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same'
            cand -4 'Use only IPv4 addresses'
            cand --ipv4 'Use only IPv4 addresses'
            cand -6 'Use only IPv6 addresses'
            cand --ipv6 'Use only IPv6 addresses'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;sessions;prune'= {
            cand --state-dir 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --json 'Print one JSON object a line'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;sessions;help'= {
            cand list 'List unfinished uploads'
            cand show 'Show all that is kept of an unfinished upload'
            cand cancel 'Give an unfinished upload up, here and at the server'
            cand prune 'Remove what expired after 14 days, is broken or left over'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;sessions;help;list'= {
        }
        &'bitsup;sessions;help;show'= {
        }
        &'bitsup;sessions;help;cancel'= {
        }
        &'bitsup;sessions;help;prune'= {
        }
        &'bitsup;sessions;help;help'= {
        }
        &'bitsup;serve'= {
            cand --listen 'Address and port to listen on; port 0 takes a free one'
            cand --user 'Let in only this user, with Basic authentication'
            cand --password-file 'File whose first line is the user''s password; others must not be able to read it'
            cand --tls-cert 'Certificate for HTTPS, with those that vouch for it, in PEM'
            cand --tls-key 'Its private key, in PEM, not encrypted'
            cand --session-timeout 'Life of an upload without progress; a finished one is remembered as long [default: 14d]'
            cand --host-id 'Name this host in the answer to Create-Session: the client sends the fragments there'
            cand --host-id-fallback-timeout 'Time without progress after which the client returns from that host to the URL''s own'
            cand --reply-command 'Run this command in the shell for each complete file, before its last byte is acknowledged; its output becomes the reply to the client, an exit code other than 0 refuses the file. It finds `BITSUP_FILE`, `BITSUP_URL` and `BITSUP_SESSION` in its environment and is killed after 5 minutes'
            cand --max-size 'Largest file accepted [default: no limit]'
            cand --max-fragment 'Largest fragment accepted [default: no limit]'
            cand --max-sessions 'Most unfinished uploads of one client address'
            cand --max-temp 'Most bytes that all unfinished uploads may hold together [default: no limit]'
            cand --max-connections 'Most connections of one client address'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --allow-anonymous 'Listen on an address that others can reach, although anyone may then upload'
            cand --allow-cleartext-auth 'Ask for the password without TLS on an address that others can reach'
            cand --allow-read 'Give published files out by HEAD and GET to whoever may upload; folders are never listed'
            cand --overwrite 'Replace files that exist'
            cand --json 'Print what happens on standard output, one JSON object a line'
            cand -q 'Print no line for each packet on standard error'
            cand --quiet 'Print no line for each packet on standard error'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;try'= {
            cand --progress 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -v 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --verbose 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;config'= {
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --json 'Print one JSON object a line'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;explain'= {
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;man'= {
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;completions'= {
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;upload'= {
            cand --files-from 'Read more files from FILE, or from standard input for `-`: one a line, or CSV with the columns Source and Destination'
            cand -j 'Upload so many files at a time'
            cand --jobs 'Upload so many files at a time'
            cand --protocol 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]'
            cand --fragment-size 'Size of the fragments: `auto` goes by what exchanges take, a SIZE is kept'
            cand --name 'Name told to the server and appended to a URL that ends in /; for one file [default: the file''s name]'
            cand --reply 'Save the reply of the server''s application, which it offers when it has the whole file'
            cand --verify 'Read back what arrived and compare it: its `size` by HEAD, or its `sha256` by GET, all of it'
            cand -u 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`'
            cand --user 'Sign in as this user; for Windows also `DOMAIN\USER` or `USER@DOMAIN`'
            cand --password-file 'File whose first line is the password, `-` for standard input; others must not be able to read it'
            cand --password-command 'Command whose first line of output is the password; the shell runs it'
            cand --bearer-file 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]'
            cand --netrc-file 'The same from this file'
            cand --auth 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused'
            cand --trust-host-id 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several'
            cand -H 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several'
            cand --header 'Send this field with every request to the URL''s host, and to hosts that are trusted; repeat for several'
            cand --resume 'Resume an interrupted upload: `auto` if the content is the same, `always` fails if not, `never` starts over'
            cand --state-dir 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system''s folder for such things]'
            cand --no-progress-timeout 'Give up when nothing new was acknowledged for so long; 0: never retry'
            cand --retries 'Give up after so many retries in a row without progress [default: as many as fit the time]'
            cand --retry-delay 'The longest first pause before a retry; it doubles with each (exponential back-off with full jitter)'
            cand --retry-max-delay 'The longest pause before a retry'
            cand --wait-for-server 'Retry this long only until the server has responded once in this run'
            cand --max-time 'Time for the whole run; the session is kept for the next one [default: no limit]'
            cand --limit-rate 'Send at most so many bytes a second [default: no limit]'
            cand --connect-timeout 'Time for establishing a connection, all addresses and TLS included'
            cand --request-timeout 'Time without a byte of a request being taken'
            cand --response-timeout 'Time until an answer''s head is complete; with --reply never below 5m30s for the last fragment''s'
            cand --cacert 'Trust the certificate authorities in this PEM file too'
            cand --cert 'Certificate for a server that asks for one, with those that vouch for it, in PEM'
            cand --key 'Its private key, in PEM [default: in the same file]'
            cand --key-passphrase-file 'File whose first line decrypts the key (PKCS#8); others must not be able to read it'
            cand --pin-sha256 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several'
            cand --proxy 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]'
            cand --proxy-user 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt'
            cand --proxy-password-file 'File whose first line is that user''s password; others must not be able to read it'
            cand --resolve 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several'
            cand --progress 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere'
            cand --ci 'Annotations and log sections of this CI service; `auto` looks for it in the environment'
            cand --config 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system''s folder for such things]'
            cand -0 'The names read by `--files-from` end with a NUL character'
            cand --null 'The names read by `--files-from` end with a NUL character'
            cand --fail-fast 'Begin no further file after one has failed'
            cand --dry-run 'Print what would be uploaded, to where, and from which offset; use no network'
            cand --no-host-id 'Stay at the URL''s host, whatever other host the server names'
            cand --force 'Replace what `--reply` names if it exists'
            cand --netrc 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names'
            cand --allow-cleartext-auth 'Allow Basic and bearer tokens over http, where anybody on the way can read them'
            cand --no-state 'Keep nothing of this upload for resuming it'
            cand --insecure 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same'
            cand -4 'Use only IPv4 addresses'
            cand --ipv4 'Use only IPv4 addresses'
            cand -6 'Use only IPv6 addresses'
            cand --ipv6 'Use only IPv6 addresses'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -v 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --verbose 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --json 'Print what happens on standard output, one JSON object a line'
            cand --no-config 'Read no settings from a file'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;help'= {
            cand check 'Ask a server whether it would take uploads, and how it is reached'
            cand sessions 'List, show, cancel or tidy up unfinished uploads'
            cand serve 'Receive BITS uploads into a folder'
            cand try 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes'
            cand config 'Show what is set, and where: in the environment or in config.toml'
            cand explain 'Say what an exit code, an HTTP status or an HRESULT means, and what to do'
            cand man 'Print the manual, or write all of its pages into a folder'
            cand completions 'Print the completion script for a shell'
            cand upload 'Upload files'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;help;check'= {
        }
        &'bitsup;help;sessions'= {
            cand list 'List unfinished uploads'
            cand show 'Show all that is kept of an unfinished upload'
            cand cancel 'Give an unfinished upload up, here and at the server'
            cand prune 'Remove what expired after 14 days, is broken or left over'
        }
        &'bitsup;help;sessions;list'= {
        }
        &'bitsup;help;sessions;show'= {
        }
        &'bitsup;help;sessions;cancel'= {
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
        &'bitsup;help;upload'= {
        }
        &'bitsup;help;help'= {
        }
    ]
    $completions[$command]
}
