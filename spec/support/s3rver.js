// Runs s3rver until its standard input is closed, that is until the spec that
// started it is over, however it ends.
// usage: node s3rver.js DATA-FOLDER BUCKET FILE-FOR-THE-PORT
'use strict';
const fs = require('fs');
const path = require('path');
const S3rver = require(path.join(__dirname, '..', 'node_modules', 's3rver'));

const [directory, bucket, portFile] = process.argv.slice(2);

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

new S3rver({
  address: '127.0.0.1', port: 0, silent: true, directory, vhostBuckets: false,
  configureBuckets: [{ name: bucket, configs: [] }],
}).run().then(({ port }) => {
  fs.writeFileSync(portFile + '.new', String(port));
  fs.renameSync(portFile + '.new', portFile);
});
