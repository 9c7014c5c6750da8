import { z } from "zod";
import { canonicalKeyValue, isRecord } from "./attribute-value.ts";

/** What the accelerator must know about a table. */
export const tableSchemaSchema = z.object({
	partitionKey: z.object({ name: z.string(), type: z.string() }),
	sortKey: z.object({ name: z.string(), type: z.string() }).nullable(),
	/** Indexes whose entries have the table's partition key, so that a write concerns one partition. */
	localIndexes: z.array(z.string()),
});
export type TableSchema = z.infer<typeof tableSchemaSchema>;

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const describedSchema = z.object({
	Table: z.object({
		KeySchema: keySchema,
		AttributeDefinitions: z.array(
			z.object({ AttributeName: z.string(), AttributeType: z.string() }),
		),
		LocalSecondaryIndexes: z.array(z.object({ IndexName: z.string() })).optional(),
	}),
});

/** From DescribeTable's answer; null if that is of another form. */
export function readTableSchema(described: unknown): TableSchema | null {
	const parsed = describedSchema.safeParse(described);
	if (!parsed.success) return null;
	const { Table: table } = parsed.data;
	const attribute = (keyType: string) => {
		const name = table.KeySchema.find((key) => key.KeyType === keyType)?.AttributeName;
		const definition = table.AttributeDefinitions.find((each) => each.AttributeName === name);
		return definition && { name: definition.AttributeName, type: definition.AttributeType };
	};
	const partitionKey = attribute("HASH");
	if (partitionKey === undefined) return null;
	return {
		partitionKey,
		sortKey: attribute("RANGE") ?? null,
		localIndexes: table.LocalSecondaryIndexes?.map(({ IndexName: name }) => name) ?? [],
	};
}

/** An item's place in its table, in one form for equal keys. */
export interface CanonicalKey {
	readonly partition: string;
	readonly sort: string;
}

/** From an item, or from a key that has exactly the key's attributes. Null if it isn't a valid key. */
export function canonicalKey(
	schema: TableSchema,
	value: unknown,
	from: "item" | "key",
): CanonicalKey | null {
	if (!isRecord(value)) return null;
	const { partitionKey, sortKey } = schema;
	if (from === "key" && Object.keys(value).length !== (sortKey === null ? 1 : 2)) return null;
	const partition = canonicalKeyValue(value[partitionKey.name], partitionKey.type);
	const sort = sortKey === null ? "" : canonicalKeyValue(value[sortKey.name], sortKey.type);
	return partition === null || sort === null ? null : { partition, sort };
}
