import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { ERROR_STATUS, type ErrorCode } from "../../server/contract/errors.ts";
import { CliError, exitCodeOf } from "../exit-codes.ts";
import { checkoutRoot, currentHome } from "../installation/checkout.ts";

const failureSchema = z.object({
	error: z.object({
		code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
		message: z.string(),
	}),
});

/**
 * Runs the program that makes and restores backups (server/backup/main.ts), because this command can't open
 * databases. Returns its answer; its failures are CliErrors.
 */
export async function runBackupProgram(
	args: readonly string[],
	passphrase: string | null,
): Promise<unknown> {
	const child = spawn(process.execPath, [join(checkoutRoot, "dist", "backup.mjs"), ...args], {
		env: { ...process.env, LARDER_HOME: currentHome().root, NODE_ENV: "production" },
		stdio: ["pipe", "pipe", "inherit"],
	});
	// If it has already ended, its output says why.
	child.stdin.on("error", () => undefined);
	child.stdin.end(passphrase ?? "");
	const [answer] = await Promise.all([
		text(child.stdout),
		new Promise<void>((resolve, reject) => {
			child.once("error", reject);
			child.once("close", () => resolve());
		}),
	]);
	const value = parseOrNull(answer);
	const failure = failureSchema.safeParse(value);
	if (failure.success) {
		throw new CliError(failure.data.error.message, exitCodeOf(failure.data.error.code));
	}
	if (value === null) throw new CliError("The backup program ended without a result.");
	return value;
}

function parseOrNull(answer: string): unknown {
	try {
		return JSON.parse(answer);
	} catch {
		// The program was killed; the caller reports that.
		return null;
	}
}
