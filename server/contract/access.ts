import { z } from "zod";

/** What a call needs. Each procedure names one. */
export const SCOPES = [
	"cache:read",
	"cache:create",
	"cache:modify",
	"cache:reboot",
	"cache:failover",
	"cache:delete",
	"cache:credentials",
	"snapshot:read",
	"snapshot:manage",
	"parameter-group:read",
	"parameter-group:manage",
	"node-type:manage",
	"rate-card:manage",
	"host:read",
	"host:join",
	"host:manage",
	"event:read",
	"audit:read",
	"token:read",
	"token:manage",
	"user:read",
	"user:manage",
	"account:read",
	"account:manage",
	"control-plane:backup",
	"store:read",
	"store:manage",
	"accelerator:read",
	"accelerator:manage",
	"lab:read",
	"lab:run",
] as const;
export type Scope = (typeof SCOPES)[number];

export const roleSchema = z.enum(["administrator", "viewer"]);
export type Role = z.infer<typeof roleSchema>;

export const tokenScopeSchema = z.enum(["read-only", "full"]);
export type TokenScope = z.infer<typeof tokenScopeSchema>;

/** How far a caller's rights go. Reading never includes secrets. */
export const accessSchema = z.enum(["full", "viewer", "read-only"]);
export type Access = z.infer<typeof accessSchema>;

/** The one table of who may do what: administrators and full tokens may do everything, others what is named here. */
const READING: readonly Scope[] = [
	"cache:read",
	"snapshot:read",
	"parameter-group:read",
	"host:read",
	"event:read",
	"audit:read",
	"token:read",
	"user:read",
	"account:read",
	"store:read",
	"accelerator:read",
	"lab:read",
];
const GRANTS: Readonly<Record<Exclude<Access, "full">, readonly Scope[]>> = {
	"read-only": READING,
	viewer: [...READING, "account:manage"],
};

export function mayDo(access: Access, scope: Scope): boolean {
	return access === "full" || GRANTS[access].includes(scope);
}

export function accessOfRole(role: Role): Access {
	return role === "administrator" ? "full" : "viewer";
}

/** A token can do no more than the person it belongs to; `owner` is null for a token that belongs to no person. */
export function accessOfToken(scope: TokenScope, owner: Role | null): Access {
	return scope === "full" && owner !== "viewer" ? "full" : "read-only";
}
