import { chmod, copyFile, lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { runCommand } from "./run-command.ts";

const PATCH_TIMEOUT_MS = 30_000;

/**
 * Copies programs out of an unpacked package tree with every library they need, and makes them run from
 * `finalDir` on any libc: their loader and libraries are named by their place in the bundle. Takes only
 * libraries that a program really names, which keeps a bundle at about half the size of its packages.
 */
export async function relocatePrograms(options: {
	unpackedDir: string;
	buildDir: string;
	finalDir: string;
	programDir: string;
	programs: readonly string[];
	openedLibraries: readonly string[];
	patchelf: string;
}): Promise<void> {
	const { unpackedDir, buildDir, finalDir, patchelf } = options;
	const patch = (...args: string[]) => runCommand(patchelf, args, { timeoutMs: PATCH_TIMEOUT_MS });
	const libraries = await indexLibraries(unpackedDir);
	const libraryPath = join(finalDir, "lib");
	await mkdir(join(buildDir, "bin"), { recursive: true });
	await mkdir(join(buildDir, "lib"), { recursive: true });

	const wanted = new Set(options.openedLibraries);
	for (const program of options.programs) {
		const target = join(buildDir, "bin", program);
		// The server is often a link to a program of another name, so copy the content.
		await copyExecutable(join(unpackedDir, options.programDir, program), target);
		const loader = basename((await patch("--print-interpreter", target)).trim());
		wanted.add(loader);
		for (const name of lines(await patch("--print-needed", target))) wanted.add(name);
		await patch("--set-interpreter", join(libraryPath, loader), target);
		// Relative to the file itself: a loader splits a path at a colon, and expands a dollar sign.
		await patch("--set-rpath", "$ORIGIN/../lib", target);
	}
	// A set grows while it is iterated, and each name comes once, so this walks the whole closure.
	for (const name of wanted) {
		const source = libraries.get(name);
		if (source === undefined) {
			throw new Error(`${name} isn't in any package that the engine depends on`);
		}
		const target = join(buildDir, "lib", name);
		await copyExecutable(source, target);
		const needed = lines(await patch("--print-needed", target));
		for (const next of needed) wanted.add(next);
		// The loader and libraries without dependencies stay as packaged.
		if (needed.length > 0) await patch("--set-rpath", "$ORIGIN", target);
	}
}

async function copyExecutable(source: string, target: string): Promise<void> {
	await copyFile(source, target);
	await chmod(target, 0o755);
}

function lines(text: string): string[] {
	return text.split("\n").filter((line) => line !== "");
}

/** Shared libraries and loaders by file name, from the directories that hold them in Debian-like packages. */
async function indexLibraries(root: string): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	for (const top of ["lib", "lib64", "usr/lib", "usr/lib64"]) {
		const directory = join(root, top);
		for (const name of await readdir(directory).catch(() => [])) {
			const path = join(directory, name);
			if (/\.so(\.|$)/.test(name)) found.set(name, await realpath(path));
			else if ((await lstat(path)).isDirectory() && name.includes("-linux-")) {
				for (const inner of await readdir(path)) {
					if (/\.so(\.|$)/.test(inner)) found.set(inner, await realpath(join(path, inner)));
				}
			}
		}
	}
	return found;
}
