import type { Database } from "./database.ts";

const ANSWER_MS = 1_500;

/**
 * Asks the database whether it answers. Only one question is pending at a time, however many callers ask, so
 * that a slow or hung database doesn't get more and more questions.
 */
export class DatabaseProbe {
	readonly #db: Pick<Database, "$queryRaw">;
	readonly #answerMs: number;
	#question: Promise<boolean> | null = null;

	constructor(db: Pick<Database, "$queryRaw">, answerMs = ANSWER_MS) {
		this.#db = db;
		this.#answerMs = answerMs;
	}

	/** False if the answer is an error, or doesn't arrive in time. */
	async answers(): Promise<boolean> {
		this.#question ??= this.#ask();
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<boolean>((resolve) => {
			timer = setTimeout(() => resolve(false), this.#answerMs);
		});
		const answer = await Promise.race([this.#question, late]);
		clearTimeout(timer);
		return answer;
	}

	async #ask(): Promise<boolean> {
		try {
			await this.#db.$queryRaw`SELECT 1 AS one`;
			return true;
		} catch {
			// The caller learns of it, and the statements that matter fail with their own errors.
			return false;
		} finally {
			this.#question = null;
		}
	}
}
