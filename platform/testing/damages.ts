import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";

/** What a power cut, a full disk or a person leaves of a file. */
export const DAMAGES = {
	empty: (path: string) => writeFileSync(path, ""),
	half: (path: string) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
	garbage: (path: string) => writeFileSync(path, Buffer.from([0, 255, 123, 10, 34, 254])),
	missing: (path: string) => rmSync(path),
};
export type Damage = keyof typeof DAMAGES;
