import type { Metadata } from "next";
import { PAGE_HEADS } from "../../../_ui/shell/page-heads.ts";
import { CreateCache } from "./create-cache.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/caches/create"].title };

export default function CreateCachePage() {
	return <CreateCache />;
}
