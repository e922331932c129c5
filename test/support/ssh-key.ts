import ssh2 from 'ssh2';

/** A key pair in OpenSSH's format. Of a thousand that ssh2 makes there are some it cannot read itself: those are made anew. */
export function createSshKeyPair(): { readonly public: string; readonly private: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const isRead = [pair.public, pair.private].every((key) => !(ssh2.utils.parseKey(key) instanceof Error));
    if (isRead) return pair;
  }
}
