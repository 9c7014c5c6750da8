import { inject } from "vitest";
import { useServer } from "./server-database.ts";

useServer(inject("postgresUrl"));
