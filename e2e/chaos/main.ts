/** `npm run chaos [-- <seed>]`: kills control plane and agents at random moments; fails if anything is lost or left. */
import { killAgentsAtRandom } from "./agents-killed.ts";
import { killControlPlaneAtRandom } from "./control-plane-killed.ts";
import { createRandom } from "./random.ts";

const seed = process.argv[2] === undefined ? Date.now() % 2 ** 31 : Number(process.argv[2]);
console.log(`seed ${seed}`);
console.log(await killControlPlaneAtRandom(createRandom(seed)));
console.log(await killAgentsAtRandom(createRandom(seed + 1)));
