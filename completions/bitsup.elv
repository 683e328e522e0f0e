
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
            cand --max-size 'Largest file accepted [default: no limit]'
            cand --max-fragment 'Largest fragment accepted [default: no limit]'
            cand --allow-anonymous 'Listen on an address that others can reach, although anyone may then upload'
            cand --overwrite 'Replace files that exist'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
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
