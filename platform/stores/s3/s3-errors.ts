import { StoreError, type StoreFault } from "../store-error.ts";

/** What S3 and its look-alikes call faults that a plain status doesn't explain. */
const FAULT_OF_CODE: Readonly<Record<string, StoreFault>> = {
	NoSuchBucket: "refused",
	InvalidBucketName: "refused",
	PermanentRedirect: "refused",
	AuthorizationHeaderMalformed: "refused",
	InvalidAccessKeyId: "refused",
	SignatureDoesNotMatch: "refused",
	CredentialsProviderError: "refused",
	NoSuchKey: "missing",
	NotFound: "missing",
	NoSuchUpload: "conflict",
	QuotaExceeded: "full",
	InsufficientStorage: "full",
	XMinioStorageFull: "full",
	EntityTooLarge: "full",
};

/** An SDK's failure as a StoreError; what isn't one stays as it is. `place` names the bucket for people. */
export function asS3Failure(error: unknown, place: string): unknown {
	if (!(error instanceof Error) || error instanceof StoreError) return error;
	if (error.name === "AbortError") return error;
	const status = statusOf(error);
	const isFromService = status !== undefined || isNetworkFailure(error);
	if (!isFromService) return error;
	const fault = FAULT_OF_CODE[error.name] ?? faultOfStatus(status);
	const said = `${error.name}${error.message === "" ? "" : `: ${error.message}`}`;
	return new StoreError(fault, `${SENTENCES[fault](place)} (${said.slice(0, 300)})`, {
		cause: error,
		...(fault === "conflict" && { received: 0 }),
	});
}

const SENTENCES: Readonly<Record<StoreFault, (place: string) => string>> = {
	away: (place) =>
		`${place} can't be reached, or fails at the moment. Check that it runs, and its endpoint`,
	full: (place) => `${place} has no room left. Raise its quota, or delete snapshots`,
	incomplete: (place) => `${place} didn't get all of the content`,
	refused: (place) =>
		`${place} refuses the store's settings. Check bucket, region, endpoint, credentials and permissions`,
	missing: (place) => `${place} has no such object`,
	damaged: (place) => `${place} holds other content than Larder sent`,
	conflict: (place) => `${place} no longer has the unfinished upload. Larder begins it again`,
};

function statusOf(error: Error): number | undefined {
	const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
	return $metadata?.httpStatusCode;
}

function faultOfStatus(status: number | undefined): StoreFault {
	if (status === undefined || status >= 500 || status === 429 || status === 408) {
		return status === 507 ? "full" : "away";
	}
	if (status === 404) return "missing";
	return status >= 300 ? "refused" : "away";
}

function isNetworkFailure(error: Error): boolean {
	const { code } = error as NodeJS.ErrnoException;
	return (
		error.name === "TimeoutError" ||
		error.name === "CredentialsProviderError" ||
		(typeof code === "string" &&
			/^(E[A-Z]+|ERR_(TLS|SSL|STREAM)\w*|CERT_\w+|\w*CERT\w*)$/.test(code))
	);
}
