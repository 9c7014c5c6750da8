import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeOwnedDirectory } from "../../../platform/testing/owned-directory.ts";
import { UPLOADS, unfinishedUploads } from "../../../platform/testing/test-bucket.ts";
import { findFreePort } from "../../fixtures/reserve-ports.ts";

const PROGRAM = join(import.meta.dirname, "bucket-process.ts");
/** As platform/testing/test-bucket.ts has it. */
const BUCKET = "larder";
const OBJECT = "._S3rver_object";

/** An S3 server as a process that can be killed and started again with what it has stored. */
export class MortalBucket {
	private readonly directory = makeOwnedDirectory("larder-bucket-");
	private readonly port: number;
	private child: ChildProcess | null = null;

	private constructor(port: number) {
		this.port = port;
	}

	static async start(): Promise<MortalBucket> {
		const bucket = new MortalBucket(await findFreePort());
		await bucket.serve();
		return bucket;
	}

	/** As a store's settings. */
	get settings() {
		return {
			...{ bucket: BUCKET, endpoint: `http://127.0.0.1:${this.port}`, prefix: "larder/" },
			...{ region: "eu-central-1", accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
		};
	}

	async kill(): Promise<void> {
		const { child } = this;
		this.child = null;
		if (child === null) return;
		child.kill("SIGKILL");
		await once(child, "exit");
	}

	/** Returns when it answers. */
	async serve(): Promise<void> {
		const child = fork(PROGRAM, [this.directory, String(this.port)], {
			execArgv: ["--import", "tsx"],
			stdio: ["ignore", "ignore", "inherit", "ipc"],
		});
		this.child = child;
		child.once("exit", (code) => {
			if (this.child === child) throw new Error(`the S3 server ended by itself, with ${code}`);
		});
		await Promise.race([
			once(child, "message"),
			once(child, "exit").then(() => {
				throw new Error("the S3 server ended at its start");
			}),
		]);
	}

	/** Keys of its objects, and what unfinished uploads have left, each with its key and its files. */
	held(): string[] {
		const root = join(this.directory, BUCKET);
		const names = readdirSync(root, { recursive: true, encoding: "utf8" });
		return [
			...names.filter((name) => name.endsWith(OBJECT)).map((name) => name.slice(0, -OBJECT.length)),
			...unfinishedUploads(this.directory).map((id) => {
				const upload = join(root, UPLOADS, id);
				const key = readFileSync(join(upload, "key"), "utf8");
				return `upload of ${key}, begun ${statSync(upload).birthtime.toISOString()}: ${readdirSync(upload)}`;
			}),
		];
	}

	async remove(): Promise<void> {
		await this.kill();
		rmSync(this.directory, { recursive: true });
	}
}
