import { validationError } from "../dynamodb/errors.ts";
import { toClientError, UpstreamAwayError } from "../dynamodb/upstream.ts";
import { batchGetItem } from "./batch-get-item.ts";
import { type Answer, type Call, passOn, type Services } from "./call.ts";
import { getItem } from "./get-item.ts";
import { isReadingStatement, passWrite } from "./pass-write.ts";
import { query } from "./query.ts";
import {
	batchWriteItem,
	deleteItem,
	putItem,
	transactWriteItems,
	updateItem,
} from "./write-item.ts";

type Operation = (services: Services, call: Call) => Promise<Answer>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
	GetItem: getItem,
	BatchGetItem: batchGetItem,
	Query: query,
	Scan: query,
	PutItem: putItem,
	DeleteItem: deleteItem,
	UpdateItem: updateItem,
	BatchWriteItem: batchWriteItem,
	TransactWriteItems: transactWriteItems,
	TransactGetItems: (services, call) => passOn(services, call, true),
	ExecuteStatement: statement,
	BatchExecuteStatement: statement,
	ExecuteTransaction: statement,
	DeleteTable: changeTable,
	CreateTable: changeTable,
	UpdateTable: changeTable,
};

/** Answers a call, from the cache if it can. Unknown operations go to the upstream as they are. */
export async function dispatch(services: Services, call: Call): Promise<Answer> {
	const operation = Object.hasOwn(OPERATIONS, call.operation)
		? OPERATIONS[call.operation]
		: undefined;
	try {
		if (operation === undefined) return await passOn(services, call, false);
		return await operation(services, call);
	} catch (error) {
		// Writes of items have said more already.
		if (error instanceof UpstreamAwayError) throw toClientError(error, !isReading(call));
		throw error;
	}
}

/** Operations that change nothing, by their names. */
const READS = /^(BatchGet|Describe|Get|List|Query|Scan|TransactGet)/;

function isReading(call: Call): boolean {
	return OPERATIONS[call.operation] === statement
		? isReadingStatement(call)
		: READS.test(call.operation);
}

async function statement(services: Services, call: Call): Promise<Answer> {
	return isReadingStatement(call)
		? await passOn(services, call, true)
		: await passWrite(services, call);
}

/** What the cache holds of a table ends with it. */
async function changeTable(services: Services, call: Call): Promise<Answer> {
	const { TableName: table } = call.input;
	if (typeof table !== "string") throw validationError("TableName must be a string");
	services.tables.forget(table, call.accessKeyId);
	const answer =
		call.operation === "UpdateTable"
			? await passOn(services, call, false)
			: await passWrite(services, call);
	services.tables.forget(table, call.accessKeyId);
	return answer;
}
