const DYNAMODB = "com.amazonaws.dynamodb.v20120810#";
const CORAL = "com.amazon.coral.service#";

/** An error in DynamoDB's own shape, so that AWS's clients treat it as DynamoDB's: they repeat calls that got a 500 or 503. */
export class DynamoError extends Error {
	readonly status: number;
	readonly type: string;

	constructor(status: number, type: string, message: string) {
		super(message);
		this.name = "DynamoError";
		this.status = status;
		this.type = type;
	}

	/** The body of the answer. */
	get body(): string {
		return JSON.stringify({ __type: this.type, message: this.message });
	}
}

export function validationError(message: string): DynamoError {
	return new DynamoError(400, `${CORAL}ValidationException`, message);
}

export function serializationError(message: string): DynamoError {
	return new DynamoError(400, `${CORAL}SerializationException`, message);
}

export function unknownOperation(): DynamoError {
	return new DynamoError(400, `${CORAL}UnknownOperationException`, "");
}

type SignatureFault =
	| "MissingAuthenticationTokenException"
	| "IncompleteSignatureException"
	| "UnrecognizedClientException"
	| "InvalidSignatureException";

export function signatureError(type: SignatureFault, message: string): DynamoError {
	return new DynamoError(400, `${CORAL}${type}`, message);
}

/** The call wasn't carried out, and may be repeated. */
export function unavailable(message: string): DynamoError {
	return new DynamoError(503, `${DYNAMODB}ServiceUnavailable`, message);
}

/** It isn't known whether the call was carried out. */
export function internalServerError(message: string): DynamoError {
	return new DynamoError(500, `${DYNAMODB}InternalServerError`, message);
}
