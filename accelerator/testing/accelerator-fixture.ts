import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import {
	CreateTableCommand,
	type CreateTableCommandInput,
	DynamoDBClient,
	waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { pino } from "pino";
import { z } from "zod";
import { type BareEngine, startBareEngine } from "../../agent/testing/bare-engine.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import type { AcceleratorSettings } from "../../server/contract/accelerator-process.ts";
import { CallSigner } from "../dynamodb/signature.ts";
import { operationTarget } from "../dynamodb/upstream.ts";
import { Accelerator } from "../process/accelerator.ts";
import { HttpDoor } from "../process/http-door.ts";

export const CREDENTIALS = { accessKeyId: "AKIATEST", secretAccessKey: "a secret for tests" };

/** A DynamoDB with tables in memory. */
export interface TestUpstream {
	readonly endpoint: string;
	/** How many calls it has got. */
	calls(): number;
	/** Holds the next calls of an operation until the returned function is called. */
	hold(operation: string): () => void;
	stop(): Promise<void>;
	/** Comes back on the same port, with the same tables. */
	resume(): Promise<void>;
}

export async function startUpstream(): Promise<TestUpstream> {
	const tables = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
	let calls = 0;
	const held = new Map<string, Promise<void>>();
	const makeDoor = () =>
		createServer((request, response) => {
			calls++;
			const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
			const go = () => {
				if (operation !== "TransactWriteItems") tables.emit("request", request, response);
				else void answerTransaction(request, response);
			};
			const gate = held.get(operation);
			if (gate === undefined) go();
			else void gate.then(go);
		});
	let door = makeDoor();
	const listen = async (at: number) => {
		door.listen(at, "127.0.0.1");
		await once(door, "listening");
		const address = door.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		return address.port;
	};
	const port = await listen(0);
	return {
		endpoint: `http://127.0.0.1:${port}`,
		calls: () => calls,
		hold(operation) {
			let release: () => void = () => undefined;
			const gate = new Promise<void>((resolve) => {
				release = resolve;
			});
			held.set(operation, gate);
			return () => {
				held.delete(operation);
				release();
			};
		},
		async stop() {
			if (!door.listening) return;
			const closed = once(door, "close");
			door.close();
			door.closeAllConnections();
			await closed;
		},
		async resume() {
			door = makeDoor();
			await listen(port);
		},
	};
}

/** dynalite has no transactions: one of puts and deletes is written as a batch, without being atomic. */
async function answerTransaction(
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const { TransactItems: actions } = transactionSchema.parse(await json(request));
	const requests = new Map<string, object[]>();
	for (const { Put: put, Delete: removal } of actions) {
		const table = put?.TableName ?? removal?.TableName ?? "";
		const write = put
			? { PutRequest: { Item: put.Item } }
			: { DeleteRequest: { Key: removal?.Key } };
		requests.set(table, [...(requests.get(table) ?? []), write]);
	}
	const endpoint = `http://${request.headers.host}`;
	const input = { RequestItems: Object.fromEntries(requests) };
	const { headers, body } = await signCall(endpoint, "BatchWriteItem", input);
	const answer = await fetch(endpoint, { method: "POST", headers, body: new Uint8Array(body) });
	response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" });
	response.end(answer.ok ? "{}" : await answer.text());
}

const transactionSchema = z.object({
	TransactItems: z.array(
		z.object({
			Put: z.object({ TableName: z.string(), Item: z.unknown() }).optional(),
			Delete: z.object({ TableName: z.string(), Key: z.unknown() }).optional(),
		}),
	),
});

/** A cache for accelerators: an engine that nobody manages. */
export async function startTestCache(
	engine: "valkey" | "redis" = "valkey",
	settings: readonly string[] = [],
): Promise<BareEngine & { remove(): Promise<void> }> {
	const directory = makeOwnedDirectory("larder-accelerator-");
	const started = await startBareEngine(
		engine,
		engine === "valkey" ? "9" : "7",
		directory,
		settings,
	);
	return {
		...started,
		async remove() {
			await started.stop();
			rmSync(directory, { recursive: true, force: true });
		},
	};
}

export interface TestInstance {
	readonly accelerator: Accelerator;
	readonly endpoint: string;
	stop(): Promise<void>;
}

export async function startInstance(
	upstream: Pick<TestUpstream, "endpoint">,
	cache: { readonly port: number },
	changes: Partial<AcceleratorSettings> = {},
): Promise<TestInstance> {
	const logger = pino({ level: process.env.LARDER_TEST_LOG ?? "silent" });
	const accelerator = new Accelerator(
		{
			...{ acceleratorId: "test", name: "acc", itemTtlMs: 300_000, queryTtlMs: 60_000 },
			upstream: { endpoint: upstream.endpoint, region: "us-east-1", credentials: null },
			cache: {
				endpoints: [{ host: "127.0.0.1", port: cache.port }],
				...{ password: null, clusterMode: false },
			},
			...changes,
		},
		logger,
	);
	const door = new HttpDoor(accelerator, logger);
	accelerator.start();
	const port = await door.listen("127.0.0.1", 0);
	if (!(await accelerator.usableWithin(5_000))) throw new Error("the cache isn't usable");
	return {
		accelerator,
		endpoint: `http://127.0.0.1:${port}`,
		async stop() {
			await door.close(1_000);
			await accelerator.stop();
		},
	};
}

/** AWS's own client. */
export function dynamoClient(
	endpoint: string,
	credentials = CREDENTIALS,
	options: { maxAttempts?: number } = {},
): DynamoDBClient {
	return new DynamoDBClient({ endpoint, region: "us-east-1", credentials, ...options });
}

export async function createTable(
	client: DynamoDBClient,
	input: Partial<CreateTableCommandInput> & { TableName: string },
): Promise<void> {
	await client.send(
		new CreateTableCommand({
			BillingMode: "PAY_PER_REQUEST",
			AttributeDefinitions: [
				{ AttributeName: "pk", AttributeType: "S" },
				{ AttributeName: "sk", AttributeType: "N" },
			],
			KeySchema: [
				{ AttributeName: "pk", KeyType: "HASH" },
				{ AttributeName: "sk", KeyType: "RANGE" },
			],
			...input,
		}),
	);
	await waitUntilTableExists(
		{ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 },
		{ TableName: input.TableName },
	);
}

/** A call of DynamoDB, signed as AWS's clients do, which can be sent again and again for some minutes. */
export async function signCall(
	endpoint: string,
	operation: string,
	input: object,
): Promise<{ headers: Record<string, string>; body: Buffer }> {
	const body = Buffer.from(JSON.stringify(input));
	const signer = new CallSigner(CREDENTIALS, "us-east-1");
	const { host, pathname: path } = new URL(endpoint);
	const target = operationTarget(operation);
	return { headers: await signer.headersFor({ host, path, target, body }), body };
}
