/** An S3 server for tests. It has no types of its own; these are the parts that tests use. */
declare module "@20minutes/s3rver" {
	import type { IncomingMessage, ServerResponse } from "node:http";

	export default class S3rver {
		constructor(options: {
			directory: string;
			silent: boolean;
			configureBuckets: readonly { name: string }[];
		});
		allowMismatchedSignatures: boolean;
		configureBuckets(): Promise<unknown>;
		callback(): (request: IncomingMessage, response: ServerResponse) => void;
	}
}
