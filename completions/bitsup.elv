
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
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand upload 'Upload a file'
            cand serve 'Receive BITS uploads into a folder'
            cand try 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes'
            cand completions 'Print the completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;upload'= {
            cand --protocol 'Offer this protocol to the server; repeat for several, in order of preference [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]'
            cand --fragment-size 'Size of the fragments: `auto` grows from 256 KiB to 28 MiB, a SIZE is kept'
            cand --name 'Name told to the server and appended to a URL that ends in / [default: the file''s name]'
            cand --progress 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -v 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --verbose 'Print each packet and Ack; twice: also the heads, without secrets'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
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
            cand --allow-anonymous 'Listen on an address that others can reach, although anyone may then upload'
            cand --allow-cleartext-auth 'Ask for the password without TLS on an address that others can reach'
            cand --allow-read 'Give published files out by HEAD and GET to whoever may upload; folders are never listed'
            cand --overwrite 'Replace files that exist'
            cand --json 'Print what happens on standard output, one JSON object a line'
            cand -q 'Print no line for each packet on standard error'
            cand --quiet 'Print no line for each packet on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;try'= {
            cand --progress 'How progress is shown: `auto` is a bar on a terminal and lines elsewhere'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -v 'Print each packet and Ack; twice: also the heads, without secrets'
            cand --verbose 'Print each packet and Ack; twice: also the heads, without secrets'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'bitsup;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'bitsup;help'= {
            cand upload 'Upload a file'
            cand serve 'Receive BITS uploads into a folder'
            cand try 'Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes'
            cand completions 'Print the completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'bitsup;help;upload'= {
        }
        &'bitsup;help;serve'= {
        }
        &'bitsup;help;try'= {
        }
        &'bitsup;help;completions'= {
        }
        &'bitsup;help;help'= {
        }
    ]
    $completions[$command]
}
