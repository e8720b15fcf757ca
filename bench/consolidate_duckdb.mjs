// SPDX-License-Identifier: Apache-2.0
// DuckDB on the same parts: NPM_DIR/node_modules/@duckdb/node-api. usage: GLOB OUT.csv
import { createRequire } from 'node:module';
const { DuckDBInstance } = createRequire(process.env.NPM_DIR + '/package.json')('@duckdb/node-api');
const [glob, out] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const columns = "columns={discount_code:'VARCHAR',error_message:'VARCHAR',status:'VARCHAR'}";
await connection.run(
  `COPY (SELECT * FROM read_json('${glob}', format='array', ${columns})) TO '${out}' (FORMAT csv, HEADER, FORCE_QUOTE *)`);
