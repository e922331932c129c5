export { createClient, type Client, type ClientOptions, type ShareOptions } from './client.ts';
export { AccessDenied, ServiceError } from './errors.ts';
export { memorySessionStore, type Session, type SessionStore } from './session.ts';
export { signerFromPair, signerFromWallet, type Signer } from './signer.ts';
