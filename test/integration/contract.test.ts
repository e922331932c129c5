import { describeContract } from '../contract/contract.ts';
import { openDevWorld } from '../contract/dev-world.ts';

describeContract('the development chain', openDevWorld);
