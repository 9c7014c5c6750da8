import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

const ANSWER_TIMEOUT_MS = 5_000;
/** nft prints nothing on success. It answers this with one line, whatever happened before. */
const END_OF_ANSWER = { command: "describe ip saddr", line: /^payload expression, .*\n/m };

/**
 * A running `nft` that takes transactions over its stdin, which costs a twentieth of starting nft for each.
 * It ends with the agent.
 */
export class NftSession {
	private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
	private output = "";
	private errors = "";
	private ended = false;
	private onNews: () => void = () => {};

	constructor(program: string) {
		this.child = spawn(program, ["--interactive"], {
			stdio: ["pipe", "pipe", "pipe"],
			env: { ...process.env, LC_ALL: "C" },
		});
		this.child.stdout.on("data", (chunk: Buffer) => {
			this.output += chunk.toString();
			this.onNews();
		});
		this.child.stderr.on("data", (chunk: Buffer) => {
			this.errors = (this.errors + chunk.toString()).slice(-2_000);
		});
		this.child.on("error", (error) => this.end(error.message));
		this.child.on("close", () => this.end("nft ended"));
		this.child.stdin.on("error", () => this.end("nft takes no more commands"));
	}

	get open(): boolean {
		return !this.ended;
	}

	/**
	 * Carries out the statements as one transaction, then the command `list`, and returns what nft printed. One
	 * call at a time. Throws if nft doesn't answer.
	 */
	async run(
		statements: readonly string[],
		list: string,
	): Promise<{ output: string; errors: string }> {
		this.output = "";
		this.errors = "";
		if (this.ended) throw new Error("nft has ended");
		this.child.stdin.write(`${statements.join("; ")}\n${list}\n${END_OF_ANSWER.command}\n`);
		await new Promise<void>((resolve, reject) => {
			const timer = setTimeout(() => {
				this.close();
				reject(new Error(`nft didn't answer within ${ANSWER_TIMEOUT_MS} ms`));
			}, ANSWER_TIMEOUT_MS);
			this.onNews = () => {
				const answered = END_OF_ANSWER.line.test(this.output);
				if (!answered && !this.ended) return;
				clearTimeout(timer);
				if (answered) resolve();
				else reject(new Error(this.errors));
			};
			this.onNews();
		});
		return { output: this.output, errors: this.errors.trim() };
	}

	close(): void {
		this.child.kill("SIGKILL");
	}

	private end(why: string): void {
		if (this.ended) return;
		this.ended = true;
		this.errors ||= why;
		this.onNews();
	}
}
