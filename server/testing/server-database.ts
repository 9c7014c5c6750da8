import pg from "pg";
import { connectServer, type Database } from "../data/database.ts";
import { applyMigrations } from "../data/migrate.ts";
import { migrationsDirOf } from "../data/open-database.ts";
import { findProjectRoot } from "../platform/project-root.ts";
import { OrderedClient } from "./lock-order.ts";

let serverUrl: string | undefined;

/** From now on tests of this process use a database on that PostgreSQL server, over many connections. */
export function useServer(url: string): void {
	serverUrl = url;
}

/** A database of this process's own on the server, with the product's migrations; null without a server. */
export async function openOnServer(): Promise<{ db: Database } | null> {
	if (serverUrl === undefined) return null;
	const name = `test_${process.pid}`;
	const client = new pg.Client({ connectionString: serverUrl });
	await client.connect();
	await client.query(`DROP DATABASE IF EXISTS ${name}`);
	await client.query(`CREATE DATABASE ${name}`);
	await client.end();
	const url = new URL(serverUrl);
	url.pathname = `/${name}`;
	await applyMigrations(url.href, migrationsDirOf(findProjectRoot()));
	return { db: connectServer(url.href, OrderedClient) };
}
