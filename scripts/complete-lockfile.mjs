/**
 * `npm run lockfile`: adds to package-lock.json the optional binaries of other platforms that npm left out.
 * npm drops an optional package from the lockfile when the registry in use doesn't carry it, and `npm ci` then refuses
 * the lockfile everywhere. Their versions are pinned by the packages that want them; platform and CPU are in their names.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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

for (const wanting of Object.values({ ...lock.packages })) {
	for (const [name, version] of Object.entries(wanting.optionalDependencies ?? {})) {
		const path = `node_modules/${name}`;
		if (lock.packages[path] !== undefined || !/^\d/.test(version)) continue;
		const words = name.split("/").at(-1).split("-");
		const os = SYSTEMS.filter((system) => words.includes(system));
		const cpu = CPUS.filter((candidate) => words.includes(candidate));
		if (os.length === 0 && cpu.length === 0) continue;
		const libc = words.some((word) => word.startsWith("musl"))
			? ["musl"]
			: words.some((word) => word.startsWith("gnu"))
				? ["glibc"]
				: [];
		lock.packages[path] = {
			version,
			...(cpu.length > 0 && { cpu }),
			...(wanting.dev === true && { dev: true }),
			...(libc.length > 0 && { libc }),
			optional: true,
			...(os.length > 0 && { os }),
		};
		added.push(`${name}@${version}`);
	}
}

const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync(file, `${JSON.stringify(lock, null, "\t")}\n`);
console.log(added.length === 0 ? "package-lock.json is complete" : `added ${added.join(", ")}`);
