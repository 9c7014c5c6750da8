import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

export interface AptPackage {
	readonly name: string;
	readonly version: string;
	readonly section: string;
	readonly sizeBytes: number;
	/** Names in Depends and Pre-Depends, every alternative. */
	readonly dependsOn: readonly string[];
}

const UPDATE_TIMEOUT_MS = 90_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * A private apt that reads one suite of one mirror: it has its own lists, cache and state and none of the
 * machine's hooks, but uses the machine's proxies and trust. It can list and download, never install, and
 * needs no privilege.
 */
export class AptTree {
	private readonly directory: string;
	private constructor(directory: string) {
		this.directory = directory;
	}

	static async create(options: {
		directory: string;
		mirror: string;
		suite: string;
		components: string;
		keyring: string;
	}): Promise<AptTree> {
		const { directory } = options;
		await mkdir(join(directory, "lists", "partial"), { recursive: true });
		await mkdir(join(directory, "cache", "archives", "partial"), { recursive: true });
		const signedBy = keyringFile(options.keyring);
		const trust = signedBy === null ? "" : `[signed-by=${signedBy}] `;
		await writeFile(
			join(directory, "sources.list"),
			`deb ${trust}${options.mirror} ${options.suite} ${options.components}\n`,
		);
		await writeFile(join(directory, "apt.conf"), aptConfiguration(directory));
		return new AptTree(directory);
	}

	/** Fetches the suite's index; apt checks its signature and fails if it can't. */
	async update(): Promise<void> {
		await this.apt("apt-get", ["update", "--error-on=any"], UPDATE_TIMEOUT_MS);
	}

	/** Code name of the suite, such as trixie for stable. */
	async codename(): Promise<string | null> {
		const lists = join(this.directory, "lists");
		const release = (await readdir(lists)).find((name) => name.endsWith("Release"));
		if (release === undefined) return null;
		const text = await readFile(join(lists, release), "utf8");
		return /^Codename: *(\S+)/m.exec(text)?.[1] ?? null;
	}

	/** The suite's newest version of each package that it has; unknown names are left out. */
	async show(names: readonly string[]): Promise<Map<string, AptPackage>> {
		if (names.length === 0) return new Map();
		const output = await this.apt(
			"apt-cache",
			["show", "--no-all-versions", "--quiet=0", ...names],
			UPDATE_TIMEOUT_MS,
		).catch((error: unknown) => {
			// apt-cache fails when none of the names is known.
			if (error instanceof Error && /No packages found/.test(error.message)) return "";
			throw error;
		});
		const packages = output.split(/\n\n+/).flatMap(parseStanza);
		return new Map(packages.map((found) => [found.name, found]));
	}

	/**
	 * The packages and every library package that they depend on, directly or through another library. Leaves
	 * out tools and services in `Depends` (systemd, debconf), which only an installed system needs.
	 */
	async closure(names: readonly string[]): Promise<AptPackage[]> {
		const found = new Map<string, AptPackage>();
		const asked = new Set<string>();
		let wanted = [...names];
		while (wanted.length > 0) {
			for (const name of wanted) asked.add(name);
			const level = await this.show(wanted);
			const next = new Set<string>();
			for (const candidate of level.values()) {
				if (candidate.section.split("/").pop() !== "libs" && !names.includes(candidate.name)) {
					continue;
				}
				found.set(candidate.name, candidate);
				for (const dependency of candidate.dependsOn) {
					if (!asked.has(dependency)) next.add(dependency);
				}
			}
			wanted = [...next];
		}
		return [...found.values()];
	}

	/** Downloads the packages and returns the files. apt verifies their checksums against the signed index. */
	async download(names: readonly string[], into: string): Promise<string[]> {
		await mkdir(into, { recursive: true });
		await this.apt("apt-get", ["download", ...names], DOWNLOAD_TIMEOUT_MS, into);
		return (await readdir(into)).filter((name) => name.endsWith(".deb")).map((n) => join(into, n));
	}

	private apt(
		program: string,
		args: readonly string[],
		timeoutMs: number,
		cwd = this.directory,
	): Promise<string> {
		return runCommand(program, ["-c", join(this.directory, "apt.conf"), ...args], {
			timeoutMs,
			cwd,
		});
	}
}

/** Distributions keep their keys here; if the file is missing, apt's own default trust applies. */
function keyringFile(name: string): string | null {
	const candidates = ["gpg", "pgp"].map((ending) => `/usr/share/keyrings/${name}.${ending}`);
	return candidates.find((path) => existsSync(path)) ?? null;
}

function aptConfiguration(directory: string): string {
	const asRoot = process.getuid?.() === 0;
	return [
		// The machine's hooks (cleaning its caches, notifying its desktop) must not run for this tree.
		"#clear APT::Update;",
		"#clear DPkg;",
		"#clear APT::Default-Release;",
		`Dir::Etc::sourcelist "${directory}/sources.list";`,
		'Dir::Etc::sourceparts "/dev/null";',
		'Dir::Etc::preferences "/dev/null";',
		'Dir::Etc::preferencesparts "/dev/null";',
		`Dir::State "${directory}";`,
		`Dir::State::lists "${directory}/lists";`,
		'Dir::State::status "/dev/null";',
		`Dir::Cache "${directory}/cache";`,
		'Dir::Cache::pkgcache "pkgcache.bin";',
		// This cache would be a second copy of the index, useful only if sources change often.
		'Dir::Cache::srcpkgcache "";',
		'Acquire::Languages "none";',
		'Acquire::Retries "2";',
		'Acquire::http::Timeout "15";',
		'Acquire::https::Timeout "15";',
		// apt's unprivileged user can't write to a private directory.
		...(asRoot ? ['APT::Sandbox::User "root";'] : []),
		"",
	].join("\n");
}

function parseStanza(stanza: string): AptPackage[] {
	const field = (name: string) => new RegExp(`^${name}: *(.*)$`, "m").exec(stanza)?.[1];
	const name = field("Package");
	const version = field("Version");
	if (name === undefined || version === undefined) return [];
	const depends = [field("Depends"), field("Pre-Depends")].filter((text) => text !== undefined);
	return [
		{
			name,
			version,
			section: field("Section") ?? "",
			sizeBytes: Number(field("Size") ?? 0),
			dependsOn: parseDependencyNames(depends.join(", ")),
		},
	];
}

/** Package names in a Depends line: `libc6 (>= 2.38), systemd | opensysusers` gives all three. */
export function parseDependencyNames(depends: string): string[] {
	return depends
		.split(/[,|]/)
		.map((part) => part.trim().split(/[\s:(]/)[0] ?? "")
		.filter((name) => name !== "");
}
