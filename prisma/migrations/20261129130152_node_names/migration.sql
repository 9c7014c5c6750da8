-- DropIndex
DROP INDEX "Node_cacheId_name_key";

-- Names are what people see, in whatever place a node is.
UPDATE "Node" SET "name" = regexp_replace("name", '(-moving|-gone-[0-9a-f]{4})+$', '');

-- CreateIndex
CREATE UNIQUE INDEX "Node_cacheId_name_key" ON "Node"("cacheId", "name") WHERE ("removedAtRevision" IS NULL AND "replacesNodeId" IS NULL);
