import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import {
	createTable,
	dynamoClient,
	startUpstream,
} from "../../accelerator/testing/accelerator-fixture.ts";
import { acceleratorSchema } from "../../server/contract/accelerator.ts";
import { expect, test } from "./console-test.ts";

test("an administrator creates an accelerator, watches what it saves, and deletes it", async ({
	page,
	installation,
}) => {
	test.slow();
	const upstream = await startUpstream();
	await installation.createCache({ name: "hot", clusterMode: "disabled" });
	await page.goto("/accelerators");
	await expect(page.getByText("No accelerators")).toBeVisible();
	await page.getByRole("button", { name: "Create accelerator" }).first().click();
	const dialog = page.getByRole("dialog", { name: "Create an accelerator" });
	await dialog.getByLabel("Name").fill("shop");
	await dialog.getByLabel("DynamoDB endpoint").fill("https://dynamodb.us-east-1.amazonaws.com");
	await dialog.getByRole("button", { name: "Cache" }).click();
	await page.getByRole("option", { name: "hot" }).click();
	await dialog.getByRole("button", { name: "Create accelerator" }).click();
	await expect(dialog.getByText(/AWS verifies signatures/)).toBeVisible();
	await dialog.getByLabel("DynamoDB endpoint").fill(upstream.endpoint);
	await dialog.getByRole("button", { name: "Create accelerator" }).click();
	await expect(page).toHaveURL(/\/accelerators\/shop$/);
	const status = page.locator("main [data-status]").first();
	await expect(status).toHaveAttribute("data-status", "available");
	await expect(page.getByRole("table", { name: "Instances" }).locator("tbody tr")).toHaveCount(2);

	const { endpoint } = acceleratorSchema.parse(
		(await installation.rest("GET", "/accelerators/shop")).body,
	);
	const client = dynamoClient(`http://${endpoint?.host}:${endpoint?.port}`);
	await createTable(client, { TableName: "items" });
	const document = DynamoDBDocumentClient.from(client);
	const Key = { pk: "a", sk: 1 };
	await document.send(new PutCommand({ TableName: "items", Item: { ...Key, v: 1 } }));
	for (let turn = 0; turn < 9; turn++) {
		await document.send(new GetCommand({ TableName: "items", Key }));
	}
	client.destroy();
	await expect(page.getByText("9 hits, 0 misses")).toBeVisible();
	await expect(page.getByLabel("Calls to DynamoDB / s over time")).toBeVisible();
	await page.getByRole("button", { name: "Modify" }).click();
	const change = page.getByRole("dialog", { name: "Modify shop" });
	await change.getByLabel("Instances").fill("0");
	await change.getByRole("button", { name: "Save changes" }).click();
	await expect(change.getByText(/instances must be at least 1/i)).toBeVisible();
	await change.getByLabel("Instances").fill("1");
	await change.getByLabel("Keep items, in seconds").fill("30");
	await change.getByRole("button", { name: "Save changes" }).click();
	await expect(page.getByRole("table", { name: "Instances" }).locator("tbody tr")).toHaveCount(1);
	await page.goto("/accelerators");
	const table = page.getByRole("table", { name: "Accelerators" });
	await expect(table.getByRole("link", { name: "shop" })).toBeVisible();
	await table.getByRole("link", { name: "shop" }).click();
	await page.getByRole("button", { name: "Delete" }).click();
	const deletion = page.getByRole("dialog", { name: "Delete shop?" });
	await deletion.getByLabel("Type shop to confirm").fill("shop");
	await deletion.getByRole("button", { name: "Delete accelerator" }).click();
	await expect(page).toHaveURL(/\/accelerators$/);
	await expect(page.getByText("No accelerators")).toBeVisible();
	await installation.deleteCache("hot");
	await upstream.stop();
});
