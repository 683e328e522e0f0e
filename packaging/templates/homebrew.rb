class Bitsup < Formula
  desc "@DESCRIPTION@"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/bitsup-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/bitsup-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/bitsup-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/bitsup-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "bitsup"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/bitsup.bash" => "bitsup"
    zsh_completion.install "completions/_bitsup"
    fish_completion.install "completions/bitsup.fish"
    doc.install Dir["docs/*"], "README.md", "CHANGELOG.md", "SECURITY.md", "THIRD-PARTY-LICENSES.txt"
  end

  test do
    system bin/"bitsup", "try", "--quiet"
  end
end
