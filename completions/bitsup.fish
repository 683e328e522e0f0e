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

complete -c bitsup -n "__fish_bitsup_needs_command" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_needs_command" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_needs_command" -s V -l version -d 'Print version'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "upload" -d 'Upload files'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "check" -d 'Check whether a server accepts uploads, and how it is reached'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "sessions" -d 'List, show, cancel or prune unfinished uploads'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "serve" -d 'Receive BITS uploads into a directory'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "try" -d 'Run a whole upload on this machine: receive, upload, compare'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "config" -d 'Show the settings, and where each one is set'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "explain" -d 'Explain an exit code, an HTTP status or an HRESULT'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "man" -d 'Print the manual, or write its pages into a directory'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c bitsup -n "__fish_bitsup_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l files-from -d 'Read the names of more files from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s j -l jobs -d 'Upload N files in parallel' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l protocol -d 'Offer this protocol to the server' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l fragment-size -d 'Set the size of the fragments' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l name -d 'Set the file\'s name on the server (one file only)' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l reply -d 'Save the reply of the server\'s application to FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l verify -d 'Compare the uploaded file' -r -f -a "none\t'Do not compare the file'
size\t'Compare the file\'s size on the server, by a HEAD request'
sha256\t'Download the file and compare its SHA-256 digest'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s u -l user -d 'Sign in as USER, or as DOMAIN\\USER or USER@DOMAIN' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l password-file -d 'Read the password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l password-command -d 'Read the password from the first line that CMD prints' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l bearer-file -d 'Read a bearer token from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l netrc-file -d 'Read user and password from this netrc file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l auth -d 'Choose the authentication scheme' -r -f -a "auto\t'Use the strongest scheme that the server offers'
basic\t'Use Basic, which sends the password itself'
digest\t'Use Digest, which sends only a proof of the password'
ntlm\t'Use NTLM, for Windows accounts'
negotiate\t'Use Negotiate, for Windows accounts: Kerberos or NTLM'
none\t'Do not sign in'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l trust-host-id -d 'Send credentials also to HOST, if the server names it' -r -f -a "(__fish_print_hostnames)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s H -l header -d 'Add this header field to every request' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l resume -d 'Resume an interrupted upload' -r -f -a "auto\t'Resume only if the content is the same, otherwise start over'
always\t'Resume, or fail with exit code 16'
never\t'Cancel the interrupted upload and start over'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-progress-timeout -d 'Give up after TIME without newly acknowledged bytes' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l retries -d 'Give up after N retries in a row without progress' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l retry-delay -d 'Set the longest pause before the first retry' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l retry-max-delay -d 'Set the longest pause before any retry' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l wait-for-server -d 'Retry for TIME until the server first responds' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l max-time -d 'Stop the run after TIME, and keep the session' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l limit-rate -d 'Send at most SIZE bytes per second' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l connect-timeout -d 'Limit the time to establish a connection' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l request-timeout -d 'Limit the time in which no byte of a request is sent' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l response-timeout -d 'Limit the time until a response\'s header is complete' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l cacert -d 'Also trust the CA certificates in this PEM file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l cert -d 'Send this client certificate to a server that asks' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l key -d 'Read the private key of --cert from this PEM file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l key-passphrase-file -d 'Read the key\'s passphrase from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l pin-sha256 -d 'Accept only a server whose public key has this SHA-256 digest' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l proxy -d 'Connect through this proxy, or directly with none' -r -f
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l proxy-user -d 'Sign in to the proxy as USER' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l proxy-password-file -d 'Read the proxy\'s password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l resolve -d 'Connect to ADDR for HOST and PORT' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l progress -d 'Choose how progress is shown' -r -f -a "auto\t'Show a bar on a terminal, lines elsewhere'
bar\t'Show a progress bar'
plain\t'Print whole lines, as for a log'
none\t'Show no progress'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l ci -d 'Write annotations and log sections for a CI service' -r -f -a "auto\t'Detect the service from the environment'
github\t'Write for GitHub Actions'
gitlab\t'Write for GitLab CI'
azure\t'Write for Azure Pipelines'
none\t'Write no annotations and log sections'"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s 0 -l null -d 'Names in the --files-from list end with a NUL byte'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s r -l recursive -d 'Upload the files in directories'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l relative -d 'Keep the path of each file, as it is typed or listed'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l follow-links -d 'Follow the symbolic links in directories'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l fail-fast -d 'Start no further file after one has failed'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l dry-run -d 'Print what would be uploaded; use no network'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-host-id -d 'Send every packet to the URL\'s host'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l force -d 'Replace an existing --reply file'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l netrc -d 'Read user and password from ~/.netrc'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l allow-cleartext-auth -d 'Allow Basic and bearer tokens over http'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-state -d 'Keep no state for resuming this upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l insecure -d 'Do not check the server\'s certificate'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s 4 -l ipv4 -d 'Use only IPv4 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s 6 -l ipv6 -d 'Use only IPv6 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s q -l quiet -d 'Print only errors'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s v -l verbose -d 'Print each packet and Ack; -vv adds the headers'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l json -d 'Print events as JSON lines on standard output'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l protocol -d 'Offer this protocol to the server' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s u -l user -d 'Sign in as USER, or as DOMAIN\\USER or USER@DOMAIN' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l password-file -d 'Read the password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l password-command -d 'Read the password from the first line that CMD prints' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l bearer-file -d 'Read a bearer token from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l netrc-file -d 'Read user and password from this netrc file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l auth -d 'Choose the authentication scheme' -r -f -a "auto\t'Use the strongest scheme that the server offers'
basic\t'Use Basic, which sends the password itself'
digest\t'Use Digest, which sends only a proof of the password'
ntlm\t'Use NTLM, for Windows accounts'
negotiate\t'Use Negotiate, for Windows accounts: Kerberos or NTLM'
none\t'Do not sign in'"
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l trust-host-id -d 'Send credentials also to HOST, if the server names it' -r -f -a "(__fish_print_hostnames)"
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s H -l header -d 'Add this header field to every request' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l connect-timeout -d 'Limit the time to establish a connection' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l request-timeout -d 'Limit the time in which no byte of a request is sent' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l response-timeout -d 'Limit the time until a response\'s header is complete' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l cacert -d 'Also trust the CA certificates in this PEM file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l cert -d 'Send this client certificate to a server that asks' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l key -d 'Read the private key of --cert from this PEM file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l key-passphrase-file -d 'Read the key\'s passphrase from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l pin-sha256 -d 'Accept only a server whose public key has this SHA-256 digest' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l proxy -d 'Connect through this proxy, or directly with none' -r -f
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l proxy-user -d 'Sign in to the proxy as USER' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l proxy-password-file -d 'Read the proxy\'s password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l resolve -d 'Connect to ADDR for HOST and PORT' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l report -d 'Write a transcript to FILE that shows no secrets' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l no-host-id -d 'Send every packet to the URL\'s host'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l probe-fragment -d 'Find the largest fragment that gets through'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l netrc -d 'Read user and password from ~/.netrc'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l allow-cleartext-auth -d 'Allow Basic and bearer tokens over http'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l insecure -d 'Do not check the server\'s certificate'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s 4 -l ipv4 -d 'Use only IPv4 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s 6 -l ipv6 -d 'Use only IPv6 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l json -d 'Print one JSON object'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s v -l verbose -d 'Print each packet and Ack; -vv adds the headers'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -l server -d 'List or remove what bitsup serve has not received whole in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -f -a "list" -d 'List unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -f -a "show" -d 'Show the stored state of an unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -f -a "cancel" -d 'Cancel an unfinished upload, here and on the server'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -f -a "remove" -d 'Remove an unfinished upload of the --server directory'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -f -a "prune" -d 'Remove state that is expired (14 days), broken or left over'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and not __fish_seen_subcommand_from list show cancel remove prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l server -d 'List or remove what bitsup serve has not received whole in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object per line'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l server -d 'List or remove what bitsup serve has not received whole in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s u -l user -d 'Sign in as USER, or as DOMAIN\\USER or USER@DOMAIN' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l password-file -d 'Read the password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l password-command -d 'Read the password from the first line that CMD prints' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l bearer-file -d 'Read a bearer token from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l netrc-file -d 'Read user and password from this netrc file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l auth -d 'Choose the authentication scheme' -r -f -a "auto\t'Use the strongest scheme that the server offers'
basic\t'Use Basic, which sends the password itself'
digest\t'Use Digest, which sends only a proof of the password'
ntlm\t'Use NTLM, for Windows accounts'
negotiate\t'Use Negotiate, for Windows accounts: Kerberos or NTLM'
none\t'Do not sign in'"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l trust-host-id -d 'Send credentials also to HOST, if the server names it' -r -f -a "(__fish_print_hostnames)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s H -l header -d 'Add this header field to every request' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l connect-timeout -d 'Limit the time to establish a connection' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l request-timeout -d 'Limit the time in which no byte of a request is sent' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l response-timeout -d 'Limit the time until a response\'s header is complete' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l cacert -d 'Also trust the CA certificates in this PEM file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l cert -d 'Send this client certificate to a server that asks' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l key -d 'Read the private key of --cert from this PEM file' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l key-passphrase-file -d 'Read the key\'s passphrase from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l pin-sha256 -d 'Accept only a server whose public key has this SHA-256 digest' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l proxy -d 'Connect through this proxy, or directly with none' -r -f
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l proxy-user -d 'Sign in to the proxy as USER' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l proxy-password-file -d 'Read the proxy\'s password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l resolve -d 'Connect to ADDR for HOST and PORT' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l server -d 'List or remove what bitsup serve has not received whole in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l force -d 'Remove it here even if the server cannot be told'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l netrc -d 'Read user and password from ~/.netrc'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l allow-cleartext-auth -d 'Allow Basic and bearer tokens over http'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l insecure -d 'Do not check the server\'s certificate'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s 4 -l ipv4 -d 'Use only IPv4 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s 6 -l ipv6 -d 'Use only IPv6 addresses'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from remove" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from remove" -l server -d 'List or remove what bitsup serve has not received whole in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from remove" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from remove" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l state-dir -d 'Keep the state of unfinished uploads in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l server -d 'List or remove what bitsup serve has not received whole in DIR' -r -f -a "(__fish_complete_directories)"
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l json -d 'Print one JSON object per line'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "list" -d 'List unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the stored state of an unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Cancel an unfinished upload, here and on the server'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove an unfinished upload of the --server directory'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Remove state that is expired (14 days), broken or left over'
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l listen -d 'Listen on ADDR:PORT' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l user -d 'Require Basic authentication as this user' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l password-file -d 'Read the password from the first line of FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l tls-cert -d 'Serve HTTPS with this certificate' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l tls-key -d 'Read the private key of --tls-cert from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l trust-forwarded-for -d 'Believe X-Forwarded-For from this network' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l file-mode -d 'Give received files these permissions' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l session-timeout -d 'Discard an upload after TIME without progress' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l host-id -d 'Tell clients to send the fragments to this host' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l host-id-fallback-timeout -d 'Tell clients when to leave the --host-id host' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l reply-command -d 'Run this shell command for each complete file' -r -f -a "(__fish_complete_command)"
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-size -d 'Limit the size of a file' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-fragment -d 'Limit the size of a fragment' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-sessions -d 'Limit the unfinished uploads of a client address' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-temp -d 'Limit the size of all unfinished uploads together' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l max-connections -d 'Limit the connections of a client address' -x
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l allow-anonymous -d 'Let anyone upload who can reach the address'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l allow-cleartext-auth -d 'Allow --user without TLS on addresses that others can reach'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l allow-read -d 'Serve received files by HEAD and GET'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l health -d 'Respond to GET / with 200 and ok'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l overwrite -d 'Replace existing files'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l json -d 'Print events as JSON lines on standard output'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -s q -l quiet -d 'Do not print a line for each packet'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -l progress -d 'Choose how progress is shown' -r -f -a "auto\t'Show a bar on a terminal, lines elsewhere'
bar\t'Show a progress bar'
plain\t'Print whole lines, as for a log'
none\t'Show no progress'"
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -s q -l quiet -d 'Print only errors'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -s v -l verbose -d 'Print each packet and Ack; -vv adds the headers'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand try" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -l json -d 'Print one JSON object per line'
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand man" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand man" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -l config -d 'Read settings from FILE' -r -F
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -l no-config -d 'Read no settings file'
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "upload" -d 'Upload files'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "check" -d 'Check whether a server accepts uploads, and how it is reached'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "sessions" -d 'List, show, cancel or prune unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "serve" -d 'Receive BITS uploads into a directory'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "try" -d 'Run a whole upload on this machine: receive, upload, compare'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "config" -d 'Show the settings, and where each one is set'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "explain" -d 'Explain an exit code, an HTTP status or an HRESULT'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "man" -d 'Print the manual, or write its pages into a directory'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "completions" -d 'Print the completion script for a shell'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and not __fish_seen_subcommand_from upload check sessions serve try config explain man completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "list" -d 'List unfinished uploads'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "show" -d 'Show the stored state of an unfinished upload'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "cancel" -d 'Cancel an unfinished upload, here and on the server'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "remove" -d 'Remove an unfinished upload of the --server directory'
complete -c bitsup -n "__fish_bitsup_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "prune" -d 'Remove state that is expired (14 days), broken or left over'

# What the description of the command line does not hold.
complete -c bitsup -n "__fish_bitsup_using_subcommand sessions; and __fish_seen_subcommand_from show cancel" -f -a "(bitsup sessions list --candidates 2>/dev/null)"
complete -c bitsup -n "__fish_bitsup_using_subcommand explain" -f -a "(bitsup explain --candidates)"
complete -c bitsup -n "__fish_bitsup_using_subcommand upload" -a "(bitsup config --candidates 2>/dev/null)"
complete -c bitsup -n "__fish_bitsup_using_subcommand check; or __fish_bitsup_using_subcommand config" -f -a "(bitsup config --candidates 2>/dev/null)"
complete -c bitsup -n "__fish_bitsup_using_subcommand completions" -f -a "bash elvish fish powershell zsh"
