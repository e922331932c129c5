export { startStorageNode, type Fault, type StorageNode, type StorageNodeOptions } from './storage-node.ts';
