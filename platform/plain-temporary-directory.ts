import { tmpdir } from "node:os";

/**
 * The system's directory for temporary files, or /tmp if its path isn't plain and short. For paths that go into other
 * programs' files: commas, spaces and dollar signs have a meaning to HAProxy there, and apt has no way to escape a
 * quote.
 */
export function plainTemporaryDirectory(): string {
	const usual = tmpdir();
	return /^[A-Za-z0-9_./-]{1,60}$/.test(usual) ? usual : "/tmp";
}
