import type * as Sdk from "@aws-sdk/client-s3";
import { asS3Failure } from "./s3-errors.ts";

export interface S3Settings {
	/** Of a service other than AWS's; AWS's own endpoint for the region if absent. */
	readonly endpoint?: string | undefined;
	readonly region: string;
	readonly bucket: string;
	/** Before all keys; empty, or ends with a slash. */
	readonly prefix: string;
	/** The bucket's name in the path instead of the host's name, as most services besides AWS expect. */
	readonly pathStyle: boolean;
	/** Absent: what the machine itself has, such as an instance's role. */
	readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const ATTEMPTS = 4;
const CONNECT_TIMEOUT_MS = 5_000;
/** Without a byte. */
const SILENCE_TIMEOUT_MS = 30_000;

/** A bucket, and the calls to it, whose failures are StoreErrors. */
export class S3Bucket {
	readonly sdk: typeof Sdk;
	readonly settings: S3Settings;
	private readonly client: Sdk.S3Client;

	private constructor(sdk: typeof Sdk, settings: S3Settings, silenceTimeoutMs: number) {
		this.sdk = sdk;
		this.settings = settings;
		const { endpoint, region, pathStyle, credentials } = settings;
		this.client = new sdk.S3Client({
			...{ region, forcePathStyle: pathStyle, maxAttempts: ATTEMPTS },
			...(endpoint !== undefined && { endpoint }),
			...(credentials !== undefined && { credentials }),
			requestHandler: {
				connectionTimeout: CONNECT_TIMEOUT_MS,
				socketTimeout: silenceTimeoutMs,
			},
		});
	}

	/** Loads AWS's SDK, which only control planes with such a store need. */
	static async open(
		settings: S3Settings,
		{ silenceTimeoutMs = SILENCE_TIMEOUT_MS } = {},
	): Promise<S3Bucket> {
		return new S3Bucket(await import("@aws-sdk/client-s3"), settings, silenceTimeoutMs);
	}

	/** Bucket and full key of an object, as commands want them. */
	at(key: string): { Bucket: string; Key: string } {
		return { Bucket: this.settings.bucket, Key: `${this.settings.prefix}${key}` };
	}

	/** For people. */
	get place(): string {
		return `The bucket ${this.settings.bucket}`;
	}

	/** Makes a call to the bucket: `call` sends a command with the options that it gets. */
	async send<T>(
		call: (client: Sdk.S3Client, options: { abortSignal?: AbortSignal }) => Promise<T>,
		signal?: AbortSignal,
	): Promise<T> {
		try {
			return await call(this.client, signal === undefined ? {} : { abortSignal: signal });
		} catch (error) {
			signal?.throwIfAborted();
			throw asS3Failure(error, this.place);
		}
	}
}
