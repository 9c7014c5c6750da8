import { createHash } from "node:crypto";

/** `Store.swap` for Valkey and Redis OSS. "" stands for null: no content is empty. */
const SCRIPT = `
if ARGV[1] == '' then
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
elseif redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1`;
const SHA1 = createHash("sha1").update(SCRIPT).digest("hex");

/**
 * Runs the script by its hash, and sends the whole of it to an engine that doesn't know it yet.
 * `run` sends EVALSHA or EVAL with one key.
 */
export async function runSwap(
	run: (
		command: "EVALSHA" | "EVAL",
		script: string,
		key: string,
		args: [expected: string, next: string, ttlMs: string],
	) => Promise<unknown>,
	key: string,
	expected: string | null,
	next: string | null,
	ttlMs: number,
): Promise<boolean> {
	const args: [string, string, string] = [
		expected ?? "",
		next ?? "",
		String(Math.max(1, Math.ceil(ttlMs))),
	];
	try {
		return Number(await run("EVALSHA", SHA1, key, args)) === 1;
	} catch (error) {
		if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
		return Number(await run("EVAL", SCRIPT, key, args)) === 1;
	}
}
