# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bitsup_global_optspecs
    string join \n config= no-config h/help V/version
end

function __fish_bitsup_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bitsup_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bitsup_using_subcommand
    set -l cmd (__fish_bitsup_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bitsup -n "__fish_bitsup_needs_command" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_needs_command" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_needs_command" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_needs_command" -s V -l version -d 'Print version'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "check" -d 'Ask a server whether it would take uploads, and how it is reached'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "sessions" -d 'List, show, cancel or tidy up unfinished uploads'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "serve" -d 'Receive BITS uploads into a folder'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "try" -d 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "config" -d 'Show what is set, and where: in the environment or in config.toml'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "explain" -d 'Say what an exit code, an HTTP status or an HRESULT means, and what to do'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "man" -d 'Print the manual, or write all of its pages into a folder'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "upload" -d 'Upload files'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l protocol -d 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s u -l user -d 'Sign in as this user; for Windows also `DOMAIN\\USER` or `USER@DOMAIN`' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l password-file -d 'File whose first line is the password, `-` for standard input; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l password-command -d 'Command whose first line of output is the password; the shell runs it' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l bearer-file -d 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l netrc-file -d 'The same from this file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l auth -d 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused' -r -f -a "auto\t'The strongest that the server offers'
basic\t'The password itself'
digest\t'A proof of the password'
ntlm\t'Windows\' NTLM'
negotiate\t'Windows\' Negotiate'
none\t'Not at all'"
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l trust-host-id -d 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several' -r -f -a "(__fish_print_hostnames)"
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s H -l header -d 'Send this field with every request to the URL\'s host, and to hosts that are trusted; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l connect-timeout -d 'Time for establishing a connection, all addresses and TLS included' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l request-timeout -d 'Time without a byte of a request being taken' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l response-timeout -d 'Time until an answer\'s head is complete; with --reply never below 5m30s for the last fragment\'s' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l cacert -d 'Trust the certificate authorities in this PEM file too' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l cert -d 'Certificate for a server that asks for one, with those that vouch for it, in PEM' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l key -d 'Its private key, in PEM [default: in the same file]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l key-passphrase-file -d 'File whose first line decrypts the key (PKCS#8); others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l pin-sha256 -d 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l proxy -d 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]' -r -f
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l proxy-user -d 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l proxy-password-file -d 'File whose first line is that user\'s password; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l resolve -d 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l no-host-id -d 'Stay at the URL\'s host, whatever other host the server names'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l probe-fragment -d 'Find the largest fragment that gets through, up to 32 MiB: sends some hundred MiB at most, and finishes no file'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l netrc -d 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l allow-cleartext-auth -d 'Allow Basic and bearer tokens over http, where anybody on the way can read them'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l insecure -d 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s 4 -l ipv4 -d 'Use only IPv4 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s 6 -l ipv6 -d 'Use only IPv6 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l json -d 'Print one JSON object'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s v -l verbose -d 'Print each packet and Ack; twice: also the heads, without secrets'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -l state-dir -d 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system\'s folder for such things]' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -f -a "list" -d 'List unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -f -a "show" -d 'Show all that is kept of an unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -f -a "cancel" -d 'Give an unfinished upload up, here and at the server'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -f -a "prune" -d 'Remove what expired after 14 days, is broken or left over'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l state-dir -d 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system\'s folder for such things]' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object a line'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l state-dir -d 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system\'s folder for such things]' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l json -d 'Print a JSON object'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s u -l user -d 'Sign in as this user; for Windows also `DOMAIN\\USER` or `USER@DOMAIN`' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l password-file -d 'File whose first line is the password, `-` for standard input; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l password-command -d 'Command whose first line of output is the password; the shell runs it' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l bearer-file -d 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l netrc-file -d 'The same from this file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l auth -d 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused' -r -f -a "auto\t'The strongest that the server offers'
basic\t'The password itself'
digest\t'A proof of the password'
ntlm\t'Windows\' NTLM'
negotiate\t'Windows\' Negotiate'
none\t'Not at all'"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l trust-host-id -d 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several' -r -f -a "(__fish_print_hostnames)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s H -l header -d 'Send this field with every request to the URL\'s host, and to hosts that are trusted; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l connect-timeout -d 'Time for establishing a connection, all addresses and TLS included' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l request-timeout -d 'Time without a byte of a request being taken' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l response-timeout -d 'Time until an answer\'s head is complete; with --reply never below 5m30s for the last fragment\'s' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l cacert -d 'Trust the certificate authorities in this PEM file too' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l cert -d 'Certificate for a server that asks for one, with those that vouch for it, in PEM' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l key -d 'Its private key, in PEM [default: in the same file]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l key-passphrase-file -d 'File whose first line decrypts the key (PKCS#8); others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l pin-sha256 -d 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l proxy -d 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]' -r -f
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l proxy-user -d 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l proxy-password-file -d 'File whose first line is that user\'s password; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l resolve -d 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l state-dir -d 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system\'s folder for such things]' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l force -d 'Forget it here, also when the server cannot be told'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l netrc -d 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l allow-cleartext-auth -d 'Allow Basic and bearer tokens over http, where anybody on the way can read them'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l insecure -d 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s 4 -l ipv4 -d 'Use only IPv4 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s 6 -l ipv6 -d 'Use only IPv6 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l state-dir -d 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system\'s folder for such things]' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l json -d 'Print one JSON object a line'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "list" -d 'List unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all that is kept of an unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Give an unfinished upload up, here and at the server'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Remove what expired after 14 days, is broken or left over'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l listen -d 'Address and port to listen on; port 0 takes a free one' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l user -d 'Let in only this user, with Basic authentication' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l password-file -d 'File whose first line is the user\'s password; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l tls-cert -d 'Certificate for HTTPS, with those that vouch for it, in PEM' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l tls-key -d 'Its private key, in PEM, not encrypted' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l session-timeout -d 'Life of an upload without progress; a finished one is remembered as long [default: 14d]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l host-id -d 'Name this host in the answer to Create-Session: the client sends the fragments there' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l host-id-fallback-timeout -d 'Time without progress after which the client returns from that host to the URL\'s own' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l reply-command -d 'Run this command in the shell for each complete file, before its last byte is acknowledged; its output becomes the reply to the client, an exit code other than 0 refuses the file. It finds `BITSUP_FILE`, `BITSUP_URL` and `BITSUP_SESSION` in its environment and is killed after 5 minutes' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-size -d 'Largest file accepted [default: no limit]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-fragment -d 'Largest fragment accepted [default: no limit]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-sessions -d 'Most unfinished uploads of one client address' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-temp -d 'Most bytes that all unfinished uploads may hold together [default: no limit]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-connections -d 'Most connections of one client address' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l allow-anonymous -d 'Listen on an address that others can reach, although anyone may then upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l allow-cleartext-auth -d 'Ask for the password without TLS on an address that others can reach'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l allow-read -d 'Give published files out by HEAD and GET to whoever may upload; folders are never listed'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l overwrite -d 'Replace files that exist'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l json -d 'Print what happens on standard output, one JSON object a line'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -s q -l quiet -d 'Print no line for each packet on standard error'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -l progress -d 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere' -r -f -a "auto\t'A bar on a terminal, lines elsewhere'
bar\t'A bar'
plain\t'Whole lines, as for a log'
none\t'Nothing'"
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -s q -l quiet -d 'Print nothing but errors'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -s v -l verbose -d 'Print each packet and Ack; twice: also the heads, without secrets'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -l json -d 'Print one JSON object a line'
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand man" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand man" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand man" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -s h -l help -d 'Print help'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l files-from -d 'Read more files from FILE, or from standard input for `-`: one a line, or CSV with the columns Source and Destination' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s j -l jobs -d 'Upload so many files at a time' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l protocol -d 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l fragment-size -d 'Size of the fragments: `auto` goes by what exchanges take, a SIZE is kept' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l name -d 'Name told to the server and appended to a URL that ends in /; for one file [default: the file\'s name]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l reply -d 'Save the reply of the server\'s application, which it offers when it has the whole file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l verify -d 'Read back what arrived and compare it: its `size` by HEAD, or its `sha256` by GET, all of it' -r -f -a "none\t'Not at all'
size\t'By its size'
sha256\t'By its SHA-256'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s u -l user -d 'Sign in as this user; for Windows also `DOMAIN\\USER` or `USER@DOMAIN`' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l password-file -d 'File whose first line is the password, `-` for standard input; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l password-command -d 'Command whose first line of output is the password; the shell runs it' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l bearer-file -d 'File whose first line is a bearer token, `-` for standard input [default: the environment variable `BITSUP_TOKEN`, if no user is given]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l netrc-file -d 'The same from this file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l auth -d 'How to sign in: `auto` takes the strongest that the server offers, and nothing weaker after it was refused' -r -f -a "auto\t'The strongest that the server offers'
basic\t'The password itself'
digest\t'A proof of the password'
ntlm\t'Windows\' NTLM'
negotiate\t'Windows\' Negotiate'
none\t'Not at all'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l trust-host-id -d 'Sign in at this host, too, when the server leads there (`BITS-Host-Id`); repeat for several' -r -f -a "(__fish_print_hostnames)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s H -l header -d 'Send this field with every request to the URL\'s host, and to hosts that are trusted; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l resume -d 'Resume an interrupted upload: `auto` if the content is the same, `always` fails if not, `never` starts over' -r -f -a "auto\t'Resume if the content is the same, else start over'
always\t'Resume, or fail with exit 16'
never\t'Cancel the old session and start over'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l state-dir -d 'Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system\'s folder for such things]' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-progress-timeout -d 'Give up when nothing new was acknowledged for so long; 0: never retry' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l retries -d 'Give up after so many retries in a row without progress [default: as many as fit the time]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l retry-delay -d 'The longest first pause before a retry; it doubles with each (exponential back-off with full jitter)' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l retry-max-delay -d 'The longest pause before a retry' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l wait-for-server -d 'Retry this long only until the server has responded once in this run' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l max-time -d 'Time for the whole run; the session is kept for the next one [default: no limit]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l limit-rate -d 'Send at most so many bytes a second [default: no limit]' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l connect-timeout -d 'Time for establishing a connection, all addresses and TLS included' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l request-timeout -d 'Time without a byte of a request being taken' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l response-timeout -d 'Time until an answer\'s head is complete; with --reply never below 5m30s for the last fragment\'s' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l cacert -d 'Trust the certificate authorities in this PEM file too' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l cert -d 'Certificate for a server that asks for one, with those that vouch for it, in PEM' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l key -d 'Its private key, in PEM [default: in the same file]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l key-passphrase-file -d 'File whose first line decrypts the key (PKCS#8); others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l pin-sha256 -d 'Accept only a server whose public key has this SHA-256, in base64 or hexadecimal, whoever vouches for it; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l proxy -d 'Go through this proxy: http, https, socks5, or socks5h, which also looks names up [default: as the environment says]' -r -f
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l proxy-user -d 'User at the proxy; the password comes from the next option, `BITSUP_PROXY_PASSWORD` or a prompt' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l proxy-password-file -d 'File whose first line is that user\'s password; others must not be able to read it' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l resolve -d 'Connect to ADDR for HOST and PORT, an IPv6 one in brackets; repeat for several' -r
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l progress -d 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere' -r -f -a "auto\t'A bar on a terminal, lines elsewhere'
bar\t'A bar'
plain\t'Whole lines, as for a log'
none\t'Nothing'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l ci -d 'Annotations and log sections of this CI service; `auto` looks for it in the environment' -r -f -a "auto\t'By the environment'
github\t'GitHub Actions'
gitlab\t'GitLab CI'
azure\t'Azure Pipelines'
none\t'Nobody\'s'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l config -d 'Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system\'s folder for such things]' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s 0 -l null -d 'The names read by `--files-from` end with a NUL character'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l fail-fast -d 'Begin no further file after one has failed'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l dry-run -d 'Print what would be uploaded, to where, and from which offset; use no network'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-host-id -d 'Stay at the URL\'s host, whatever other host the server names'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l force -d 'Replace what `--reply` names if it exists'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l netrc -d 'Take user and password from `~/.netrc`, or from the file that the environment variable `NETRC` names'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l allow-cleartext-auth -d 'Allow Basic and bearer tokens over http, where anybody on the way can read them'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-state -d 'Keep nothing of this upload for resuming it'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l insecure -d 'Accept any certificate, and with it anybody who pretends to be the server; pins hold all the same'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s 4 -l ipv4 -d 'Use only IPv4 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s 6 -l ipv6 -d 'Use only IPv6 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s q -l quiet -d 'Print nothing but errors'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s v -l verbose -d 'Print each packet and Ack; twice: also the heads, without secrets'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l json -d 'Print what happens on standard output, one JSON object a line'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-config -d 'Read no settings from a file'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "check" -d 'Ask a server whether it would take uploads, and how it is reached'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "sessions" -d 'List, show, cancel or tidy up unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "serve" -d 'Receive BITS uploads into a folder'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "try" -d 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "config" -d 'Show what is set, and where: in the environment or in config.toml'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "explain" -d 'Say what an exit code, an HTTP status or an HRESULT means, and what to do'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "man" -d 'Print the manual, or write all of its pages into a folder'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "completions" -d 'Print the completion script for a shell'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "upload" -d 'Upload files'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from check sessions serve try config explain man completions upload help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "list" -d 'List unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "show" -d 'Show all that is kept of an unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "cancel" -d 'Give an unfinished upload up, here and at the server'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "prune" -d 'Remove what expired after 14 days, is broken or left over'

# What the description of the command line does not hold.
function __fish_bitsup_ids
    bitsup sessions list --json 2>/dev/null | string replace -rf '^\{"v":1,"id":"([^"]*)".*' '$1'
end
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show cancel" -f -a "(__fish_bitsup_ids)" -d 'Unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -f -a "bash elvish fish powershell zsh"
