import { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";

export interface Mail {
	readonly to: string;
	readonly subject: string;
}

export type MailState = "waiting" | "sent" | "failed";

/** For longer than a job that its worker left waits for another. */
const REMEMBERED_S = 7 * 24 * 3_600;
const ATTEMPTS = 5;

/**
 * Mails that workers send. The caller gives each an id: adding it again, because the answer to the first try was lost, adds
 * nothing. A worker that dies leaves its job to another, so a job may be carried out twice, and must bear it.
 */
export function createMailQueue(
	client: Redis,
	/** A connection for workers, which wait on it for jobs. */
	workerClient: Redis,
	send: (id: string, mail: Mail) => Promise<void>,
) {
	const queue = new Queue<Mail>("mails", { connection: client });
	const worker = new Worker<Mail>(
		"mails",
		async ({ id = "", data }) => {
			// A job that was carried out before its worker died isn't carried out again.
			if ((await client.exists(sentKey(id))) === 1) return;
			await send(id, data);
			await client.set(sentKey(id), new Date().toISOString(), "EX", REMEMBERED_S);
		},
		{ connection: workerClient, concurrency: 10 },
	);
	// The client reports when the cache is away.
	queue.on("error", () => undefined);
	worker.on("error", () => undefined);
	return {
		async add(id: string, mail: Mail): Promise<void> {
			await queue.add("mail", mail, {
				...{ jobId: id, attempts: ATTEMPTS, backoff: { type: "exponential", delay: 200 } },
				// The newest stay, so that their state can be asked for.
				...{ removeOnComplete: 10_000, removeOnFail: 10_000 },
			});
		},
		/** Null: there is no such mail. */
		async find(id: string): Promise<MailState | null> {
			const job = await queue.getJob(id);
			if (job === undefined) return null;
			if (await job.isCompleted()) return "sent";
			return (await job.isFailed()) ? "failed" : "waiting";
		},
		counts: () => queue.getJobCounts("waiting", "active", "delayed", "completed", "failed"),
		async close(): Promise<void> {
			await worker.close();
			await queue.close();
		},
	};
}

function sentKey(id: string): string {
	return `mails:sent:${id}`;
}
