/**
 * `npm run lockfile`: adds to package-lock.json the builds for other machines that npm left out. npm writes an entry for
 * each optional dependency that its registry knows; a mirror may hold this machine's builds alone, and `npm ci` then
 * refuses the lockfile everywhere. npm skips an entry whose `os` or `cpu` isn't the machine's.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findMissingOptional } from "./setup/missing-optional.mjs";

const SYSTEMS = [
	"android",
	"darwin",
	"freebsd",
	"netbsd",
	"openbsd",
	"openharmony",
	"win32",
	"linux",
];
const PROCESSORS = [
	"arm64",
	"x64",
	"ia32",
	"ppc64",
	"riscv64",
	"s390x",
	"loong64",
	"wasm32",
	"arm",
];

const file = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(file, "utf8"));
const missing = findMissingOptional(lock.packages);
for (const { name, version, dev } of missing) {
	lock.packages[`node_modules/${name}`] = describe(name.split("/").at(-1), version, dev);
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} entries added`);

/** Such packages are named after the machine that they are for: `binding-linux-arm64-musl`. */
function describe(name, version, dev) {
	const os = SYSTEMS.find((each) => name.includes(each));
	const cpu = PROCESSORS.find((each) => name.includes(each));
	if (cpu === undefined) throw new Error(`${name}: which machine is it for?`);
	const libc = name.includes("musl") ? "musl" : name.includes("gnu") ? "glibc" : undefined;
	return {
		version,
		cpu: [cpu],
		...(dev && { dev }),
		...(libc !== undefined && os === "linux" && { libc: [libc] }),
		optional: true,
		...(os !== undefined && { os: [os] }),
	};
}
