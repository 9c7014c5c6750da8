import { tmpdir } from "node:os";

/**
 * The system's directory for temporary files, for paths that stand in other programs' files: HAProxy takes commas, blanks
 * and dollar signs for its own there, and apt knows no way to write a quote.
 */
export function plainTemporaryDirectory(): string {
	const usual = tmpdir();
	return /^[A-Za-z0-9_./-]{1,60}$/.test(usual) ? usual : "/tmp";
}
