/**
 * `npm run lockfile`: adds to package-lock.json the optional binaries of other platforms that npm left out.
 * npm drops an optional package from the lockfile when the registry in use doesn't carry it, and `npm ci` then refuses
 * the lockfile everywhere. Their versions are pinned by the packages that want them; platform and CPU are in their names.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findMissingOptional } from "./setup/missing-optional.mjs";

const SYSTEMS = [
	"aix",
	"android",
	"darwin",
	"freebsd",
	"linux",
	"netbsd",
	"openbsd",
	"openharmony",
	"sunos",
	"win32",
];
const CPUS = [
	"arm64",
	"arm",
	"ia32",
	"loong64",
	"mips64el",
	"ppc64",
	"riscv64",
	"s390x",
	"wasm32",
	"x64",
];

const file = join(import.meta.dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];
const unknown = [];

for (const { name, version, dev } of findMissingOptional(lock.packages)) {
	const words = name.split("/").at(-1).split("-");
	const os = SYSTEMS.filter((system) => words.includes(system));
	const cpu = CPUS.filter((candidate) => words.includes(candidate));
	if (os.length === 0 && cpu.length === 0) {
		unknown.push(name);
		continue;
	}
	lock.packages[`node_modules/${name}`] = {
		version,
		...(cpu.length > 0 && { cpu }),
		...(dev && { dev }),
		...libcOf(words),
		optional: true,
		...(os.length > 0 && { os }),
	};
	added.push(`${name}@${version}`);
}

const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync(file, `${JSON.stringify(lock, null, "\t")}\n`);
console.log(added.length === 0 ? "package-lock.json is complete" : `added ${added.join(", ")}`);
if (unknown.length > 0) {
	console.error(
		`${unknown.join(", ")}: no platform in the name, so the entry can't be written without a registry. Run npm install with one that has it.`,
	);
	process.exitCode = 1;
}

function libcOf(words) {
	if (words.some((word) => word.startsWith("musl"))) return { libc: ["musl"] };
	return words.some((word) => word.startsWith("gnu")) ? { libc: ["glibc"] } : {};
}
