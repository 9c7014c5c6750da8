import { createAuthClient } from "better-auth/react";

/** Session by cookie, on the same origin under /api/auth. */
export const authClient = createAuthClient({ basePath: "/api/auth" });
