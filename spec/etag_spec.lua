-- What a storage's ETag says of the bytes that came.
local etag = require "almanac.etag"

describe("an ETag", function()
  local MD5, OTHER = ("ab"):rep(16), ("cd"):rep(16)

  it("is the MD5 of an object in one piece, and no checksum of others", function()
    assert.equal(MD5, etag.md5 { etag = '"' .. MD5:upper() .. '"' })
    assert.equal(MD5, etag.md5 { etag = MD5, ["x-amz-server-side-encryption"] = "AES256" })
    for _, headers in ipairs { {}, { etag = '"' .. MD5 .. '-2"' }, { etag = '"abc"' }, { etag = 'W/"' .. MD5 .. '"' },
      { etag = MD5, ["x-amz-server-side-encryption"] = "aws:kms" },
      { etag = MD5, ["x-amz-server-side-encryption-customer-algorithm"] = "AES256" } } do
      assert.is_nil(etag.md5(headers))
      assert.is_nil(etag.problem { headers = headers, md5 = OTHER })
    end
  end)

  it("tells bytes that are not the storage's, where both checksums are known", function()
    assert.is_nil(etag.problem { headers = { etag = MD5 }, md5 = MD5 })
    assert.is_nil(etag.problem { headers = { etag = MD5 } })
    assert.equal(("the bytes that came have another checksum (MD5 %s) than the storage says (%s)"):format(OTHER, MD5),
      etag.problem { headers = { etag = '"' .. MD5 .. '"' }, md5 = OTHER })
  end)
end)
