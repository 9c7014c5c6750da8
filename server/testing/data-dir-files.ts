import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const CONTROL_FILE = Buffer.alloc(8_192, 7);
CONTROL_FILE.writeUInt32LE(1_800, 8);

const FILES = {
	PG_VERSION: "18\n",
	"global/pg_control": CONTROL_FILE,
	"global/pg_filenode.map": "map",
	"base/5/1259": "rows",
	"pg_wal/000000010000000000000001": "log",
	"pg_xact/0000": "commits",
};

/** Makes a directory with the files that are checked before PostgreSQL opens it. */
export function writeDataDir(directory: string): void {
	for (const [path, content] of Object.entries(FILES)) {
		mkdirSync(dirname(join(directory, path)), { recursive: true });
		writeFileSync(join(directory, path), content);
	}
}
